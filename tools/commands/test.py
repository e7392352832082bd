"""bin/test: set up everything and run the tests, in databases of their own.

Without arguments all of them, on all processors; with pytest's arguments in one process, which is easier to debug, or
in as many as -n says.
--wide: the main stories, or the tests named, in a database with what people have beside the app, see wide_set.
--odoo: Odoo's own tests, see odoo_suites; --faults: whether the reference model finds faults, see faults; --chaos:
workers killed often, see tests/test_chaos.py; --releases: upgrades from all releases, see tests/test_upgrade.py;
--thorough: every theme and email in the editor, and every order of installation.
"""

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from ..chromium import browser_environment
from ..console import guarded
from ..paths import DEV, ODOO_CONF, ROOT
from ..processes import foreground
from ..signals import raise_on_end
from ..test_databases import DATABASES, INSTALLED, WIDE, run_database
from ..wide_set import STORIES
from ..workspace import workspace
from . import faults, odoo_suites

MOST_PROCESSES = 4  # each may have a Chromium and a server besides
FULL_CHAOS = {"MARKETING_KILLS": "20", "MARKETING_RANDOM_KILLS": "1000", "MARKETING_CRASHES": "50"}
ALL_RELEASES = {"MARKETING_RELEASES": "all"}
THOROUGH = ["tests/test_editor.py", "tests/test_install_orders.py"]


def main(arguments):
    if arguments[:1] == ["--odoo"]:
        return odoo_suites.main(arguments[1:])
    if arguments[:1] == ["--faults"]:
        return faults.main(arguments[1:])
    if arguments[:1] == ["--chaos"]:
        os.environ |= FULL_CHAOS | os.environ
        arguments = ["tests/test_chaos.py", "-s", *arguments[1:]]
    if arguments[:1] == ["--releases"]:
        os.environ |= ALL_RELEASES
        arguments = ["tests/test_upgrade.py", *arguments[1:]]
    if arguments[:1] == ["--thorough"]:
        os.environ["MARKETING_THOROUGH"] = "all"
        arguments = [*THOROUGH, *arguments[1:]]
    kind = INSTALLED
    if arguments[:1] == ["--wide"]:
        kind, arguments = WIDE, arguments[1:]
        if not any(_is_path(argument) for argument in arguments):
            arguments += [str(ROOT / path) for path in STORIES]
    parser = argparse.ArgumentParser(prog="bin/test", add_help=False, allow_abbrev=False)
    parser.add_argument("-n", "--numprocesses", type=int, default=1 if arguments else _processors())
    options, arguments = parser.parse_known_args(arguments)
    processes = max(options.numprocesses, 1)
    with workspace() as space, ExitStack() as needed:
        browser = browser_environment(space.source)
        runs = [needed.enter_context(run_database(space, kind, number)) for number in range(processes)]
        databases, (template, *_same) = zip(*runs, strict=True)
        return foreground(
            [
                *(sys.executable, "-m", "pytest", "-p", "tools.pytest_no_skips", "-p", "tools.pytest_quick_freeze"),
                *("-p", "tools.pytest_forked"),
                *("--odoo-config", ODOO_CONF, "--odoo-database", databases[0], "--odoo-http"),
                *("--odoo-extra", "max-cron-threads=0"),
                *(_side_by_side(processes) if processes > 1 else []),
                *(map(_absolute, arguments) if arguments else ["--durations=20"]),
            ],
            cwd=ROOT,
            env=_environment(space, browser, databases, template),
        )


def _processors():
    return min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


def _side_by_side(processes):
    plugin = ["-p", "tools.pytest_side_by_side", "--numprocesses", str(processes), "--max-worker-restart=0"]
    return [*plugin, "--no-loadscope-reorder"]  # in the order of pyproject.toml


def _environment(space, browser, databases, template):
    environment = {**space.environment(), **browser}
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(DEV / "hypothesis")
    environment[DATABASES] = ",".join(databases)
    environment["TEST_TEMPLATE"] = template  # what tests/conftest.py clones for whole servers
    return environment


def _is_path(argument):
    return not argument.startswith("-") and Path(argument.split("::")[0]).exists()


def _absolute(argument):
    """:return: a path of the user, valid from the repository's root; anything else as it is."""
    path, *node = argument.split("::")
    return "::".join([str(Path(path).absolute()) if _is_path(argument) else path, *node])


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
