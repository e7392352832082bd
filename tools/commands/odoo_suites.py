"""bin/test --odoo: Odoo's own tests without and with our addons, compared.

Without: our addons neither installed nor on the addons path, since the linters read all that is on it. With: both, the
path being that of a copy, since they would read .dev too.

Odoo runs most tests while it installs their module, before ours are loaded: they would never meet our code. The tests
run by Odoo's `run_tests` instead, which is made for a database that is whole.

What is found without our addons is kept in .dev/odoo-suites, for the next time: nothing of ours is in it.
"""

import hashlib
import os
import re
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from .. import addons
from ..chromium import browser_environment
from ..console import Problem, say, step, telling_line
from ..paths import DEV, LOGS, ROOT
from ..ports import free_port
from ..processes import background
from ..test_databases import BASE, run_database
from ..workspace import workspace

KEPT = DEV / "odoo-suites"

# Of base, the tests that look at every model and view, and those of what our addons extend.
BASE_FILES = [
    "acl",
    "display_name",
    "form_create",
    "groups",
    "ir_actions",
    "ir_cron",
    "ir_model",
    "menu",
    "overrides",
    "res_partner_merge",
    "views",
]
# What Odoo only runs when told to: all views, checked and shown.
BASE_ON_DEMAND = ["migration/base:TestAllViews", "render_all_views/base:TestRenderAllViews"]
# Of web, what meets every addon: each menu, view and filter clicked by an administrator and by a user, which Odoo only
# does when told to, and the web client's own tests as on a phone.
WEB = ["click_all/web", "/web/tests/test_click_everywhere.py", "/web:MobileWebSuite"]
TAGS = {
    "base": ",".join([*(f"/base/tests/test_{name}.py" for name in BASE_FILES), *BASE_ON_DEMAND]),
    "web": ",".join(WEB),
    "test_crm_full": "crm_performance/test_crm_full",  # which Odoo only runs when told to
}
# mass_mailing_crm and mass_mailing_event are installed, too; they have no tests of their own.
MAILING = ["mass_mailing", "mass_mailing_sms", "test_mass_mailing"]
SUITES = ["utm", "link_tracker", *MAILING, "mail", "sms", "test_mail_sms", "crm", "base", "test_lint", "web"]
# Suites of modules that are not installed already, and bring others along (a website): they come last.
SUITES += (MORE := ["mass_mailing_event_sms", "test_crm_full"])

SCRIPT = """\
from odoo.tests.shell import run_tests
with env.registry.cursor() as cr:  # else a browser's first page takes longer than its test waits
    env(cr=cr)["ir.qweb"]._pregenerate_assets_bundles()
run_tests(env, {tags!r})
"""

# The end of failures that stay: the test's name, and the last lines of its text.
ACCEPTED = {
    # Indexes that begin with these columns serve them (activity_id: without traces of tests, and so not the cascade of
    # a deleted activity); one more for the column alone would cost each write of the largest table.
    "/test_lint:TestIndex.test_enforce_index_on_one2many_inverse": (
        "- if not sure -> 'btree_not_null': \n"
        "marketing.participant.campaign_id (inverse of marketing.campaign.participant_ids)\n"
        "marketing.trace.activity_id (inverse of marketing.activity.trace_ids)\n"
        "marketing.trace.participant_id (inverse of marketing.participant.trace_ids)"
    ),
}

RECORD = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \d+ ([A-Z]+) \S+ ([\w.]+): (.*)$")
LOUD = {"WARNING", "ERROR", "CRITICAL"}  # some of Odoo's linters do not fail but log
SUMMARY = re.compile(r"\d+ failed, \d+ error\(s\) of \d+ tests")


@dataclass
class Outcome:
    """What a log of Odoo's says about tests, by name: as --test-tags wants them, subtests with their parameters."""

    ran: set  # and were not skipped
    skipped: set
    failures: dict  # the text of each, its traceback
    logged: dict  # the text of each other warning and error, by its words
    finished: bool
    seconds: float


def main(suites):
    """:param suites: names of modules; without any, all of SUITES"""
    unknown = [name for name in suites if not re.fullmatch(r"\w+", name)]
    if unknown:
        raise Problem(f"{unknown[0]} is no module: after --odoo come names of Odoo's modules, such as mass_mailing")
    suites = sorted(suites or SUITES, key=MORE.__contains__)
    with workspace() as space:
        browser = browser_environment(space.source)
        without = _all_without(space, browser, suites)
        ours = _all_with(space, browser, suites)
    say("\n" + table(without, ours))
    complaints = [line for suite in suites for line in complain(suite, without[suite], ours[suite])]
    say("\n".join(["", *complaints] if complaints else ["\nNo difference that our addons make."]))
    return 1 if complaints else 0


def _all_without(space, browser, suites):
    """:return: the outcomes without our addons, the kept ones among them"""
    with run_database(space, BASE) as (database, template):
        outcomes = {}
        for suite in suites:
            kept = KEPT / f"{suite}-{_digest(template, _tags(suite), sys.prefix)}.log"
            if kept.exists():
                outcomes[suite] = parse(kept.read_text(errors="replace"))
            else:
                outcomes[suite] = _run(space, browser, suite, "without", database, [])
                log = _log(suite, "without")
                if not outcomes[suite].finished:
                    reason = telling_line(log.read_text(errors="replace"))
                    raise Problem(f"the tests of {suite} broke off without our addons: {reason} [{_short(log)}]")
                if outcomes[suite].ran:
                    KEPT.mkdir(exist_ok=True)
                    log.rename(kept)
        return outcomes


def _all_with(space, browser, suites):
    """:return: the outcomes with our addons"""
    with run_database(space) as (database, _template), TemporaryDirectory(prefix="addons-", dir=DEV) as copy:
        for addon in [*addons.addons(), *addons.test_addons()]:
            shutil.copytree(addon, Path(copy, addon.name), ignore=shutil.ignore_patterns("__pycache__"))
        return {suite: _run(space, browser, suite, "with", database, [copy]) for suite in suites}


def _run(space, browser, suite, side, database, our_path):
    """Run a suite in a process of its own.

    :param our_path: what goes on the addons path besides Odoo's own
    :return: its outcome
    """
    log, script = _log(suite, side), _log(suite, side).with_suffix(".py")
    LOGS.mkdir(exist_ok=True)
    if suite in MORE:
        with step(f"Installing {suite}, {side} our addons"):
            space.install(database, [suite])
    script.write_text(SCRIPT.format(tags=_tags(suite)))
    addons_path = ",".join(map(str, [*space.source.addons_paths, *our_path]))
    command = space.odoo_command(
        *("shell", "-d", database, "--http-port", str(free_port()), "--addons-path", addons_path)
    )
    with (
        step(f"Odoo's tests of {suite}, {side} our addons"),
        log.open("wb") as output,
        script.open() as commands,
        background(command, env=_environment(space, browser), stdin=commands, stdout=output, stderr=output) as odoo,
    ):
        code = odoo.wait()
    outcome = parse(log.read_text(errors="replace"))
    return replace(outcome, finished=outcome.finished and code == 0)


def _tags(suite):
    return TAGS.get(suite, f"/{suite}")


def _log(suite, side):
    return LOGS / f"odoo-suite-{suite}-{side}.log"


def _short(path):
    return path.relative_to(ROOT)


def _environment(space, browser):
    linters = Path(sys.executable).parent
    return {**space.environment(), **browser, "PATH": f"{linters}{os.pathsep}{browser['PATH']}"}


def _digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def parse(log):
    """:param log: what Odoo wrote while it ran tests

    :return: the Outcome
    """
    started, skipped, failures, logged, finished, times, text = set(), set(), {}, {}, False, [], []
    for line in log.splitlines():
        record = RECORD.match(line)
        if not record:
            text.append(line)
            continue
        time, level, logger, message = record.groups()
        times.append(datetime.fromisoformat(time))
        text = []
        if match := re.match(r"Starting (\w+\.\w+) \.\.\.", message):
            started.add(_name(logger, match[1]))
        elif match := re.match(r"skipped (.+?) : ", message):
            skipped.add(_name(logger, match[1]))
        elif match := re.match(r"(?:FAIL|ERROR): (?:Subtest )?(.+)", message):
            text = failures[_unlike(failures, _name(logger, match[1]))] = []
        elif logger == "odoo.tests.shell" and SUMMARY.search(message):
            finished = True
        elif level in LOUD:
            words = re.sub(r"\d+", "0", message)  # ids and durations differ from run to run
            text = logged[_unlike(logged, f"{logger}: {words}")] = [message]
    return Outcome(
        ran=started - skipped,
        skipped=skipped,
        failures=_joined(failures),
        logged=_joined(logged),
        finished=finished,
        seconds=(times[-1] - times[0]).total_seconds() if times else 0.0,
    )


def _name(logger, description):
    """:return: a test as --test-tags names it; what is no test of an addon, such as a setUpClass, as it is"""
    match = re.match(r"odoo\.addons\.(\w+)\.", logger)
    return f"/{match[1]}:{description}" if match else description


def _joined(texts):
    return {name: "\n".join(lines).strip() for name, lines in texts.items()}


def _unlike(names, name):
    """:return: the name, numbered where it is taken: subtests may all be called alike"""
    same = sum(taken == name or taken.startswith(f"{name} #") for taken in names)
    return f"{name} #{same + 1}" if same else name


def new_failures(without, ours):
    """:return: what fails or is logged with our addons only, or speaks of them; of each the telling lines"""
    before = {**without.failures, **without.logged}
    found = {}
    for name, text in {**ours.failures, **ours.logged}.items():
        said = _about_us(before.get(name, ""))
        about_us = [line for line in _about_us(text) if line not in said]
        accepted = name in ACCEPTED and text.endswith(ACCEPTED[name])
        if about_us or (name not in before and not accepted):
            found[name] = about_us or [telling_line(text)]
    return found


def _about_us(text):
    """:return: the lines that name an addon of ours, except places in a traceback"""
    ours = re.compile(rf"\b({'|'.join(addons.names())})\b")
    return [line for line in text.splitlines() if ours.search(line) and not line.startswith('  File "')]


def complain(suite, without, ours):
    """:return: a line for each thing that our addons make worse"""
    lines = ["\n    ".join([name, *telling]) for name, telling in sorted(new_failures(without, ours).items())]
    if not ours.finished:
        lines.append(f"{suite}: broke off with our addons")
    elif not ours.ran:
        lines.append(f"{suite}: no test ran")
    else:
        lines += [f"{name}\n    runs without our addons only" for name in sorted(without.ran - ours.ran)]
    return lines + [f"    [{_short(_log(suite, 'with'))}]"] if lines else []


def table(without, ours):
    """:return: a line for each suite, in columns"""
    heads = ["suite", "tests without", "with", "failures without", "with", "new", "skipped", "seconds without", "with"]
    rows = [
        [
            suite,
            *(len(outcome.ran) for outcome in (without[suite], ours[suite])),
            *(len(outcome.failures) for outcome in (without[suite], ours[suite])),
            len(new_failures(without[suite], ours[suite])),
            len(ours[suite].skipped),
            *(round(outcome.seconds) for outcome in (without[suite], ours[suite])),
        ]
        for suite in without
    ]
    widths = [max(len(str(row[column])) for row in [heads, *rows]) for column in range(len(heads))]
    return "\n".join(
        "  ".join(str(cell).ljust(width) if n == 0 else str(cell).rjust(width) for n, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in [heads, *rows])
    )
