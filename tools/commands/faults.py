"""bin/test --faults: put faults into a copy of the addons, one at a time; the reference model has to find each.

Words after it choose faults by name, or by their test ("passages"). What the test said of each is in .dev/log.
"""

import configparser
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from .. import addons
from ..console import Problem, say
from ..paths import LOGS, ODOO_CONF, ROOT
from ..test_databases import run_database
from ..workspace import workspace

TESTS = ROOT / "tests"
LOG = LOGS / "faults.log"
NOTHING = "nothing is wrong"
EXAMPLES = "60"  # more stories than bin/test tells
PATIENCE = 600  # seconds; the tests take a tenth, but a fault may leave what is due for ever


def main(words):
    sys.path.insert(0, str(TESTS))
    from faults import FAULTS

    chosen = [fault for fault in FAULTS if all(word in f"{fault.name} {fault.test}" for word in words)]
    if not chosen:
        raise Problem(f"no fault is called {' '.join(words)}")
    with workspace() as space, run_database(space) as (database, template):
        environment = {**space.environment(), "TEST_TEMPLATE": template}
        if _is_found(None, sorted({fault.test for fault in chosen}), database, environment):
            raise Problem("the tests fail without any fault, see .dev/log/faults.log")
        found = [fault for fault in chosen if _is_found(fault, [fault.test], database, environment)]
    say(f"faults: {len(found)} of {len(chosen)} are found")
    return len(found) < len(chosen)


def _is_found(fault, tests, database, environment):
    """Run these tests of a reference model on a copy of the addons with this fault, or with none."""
    name = fault.name if fault else NOTHING
    start = time.monotonic()
    with _copy(fault) as configuration:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("a") as log:
            print(f"\n== {name}", file=log, flush=True)
            command = [
                *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "tools.pytest_no_skips"),
                *("--odoo-config", configuration, "--odoo-database", database, "--odoo-http"),
                *("--odoo-extra", "max-cron-threads=0", *(_locate(test, configuration) for test in tests)),
            ]
            # one that fails is enough
            environment = {"MARKETING_EXAMPLES": EXAMPLES, **environment, "MARKETING_FIRST": "1"}
            code = _call(command, timeout=PATIENCE, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    if code not in (0, 1):
        raise Problem(f"“{name}”: the tests did not run, see .dev/log/faults.log")
    say(f"{'RED  ' if code else 'GREEN'} {time.monotonic() - start:4.0f} s  {name}")
    return code == 1


def _locate(test, configuration):
    """:return: the path of a test: of those here, or of the addons' own in the copy"""
    return TESTS / test if "/" not in test else Path(configuration).parent / test


def _call(command, **options):
    """:return: the exit code; 1 when it does not end: the engine runs for ever, which is found"""
    try:
        return subprocess.call(command, **options)
    except subprocess.TimeoutExpired:
        return 1


@contextmanager
def _copy(fault):
    """Copy the addons, with the fault.

    Gives the path of a configuration of Odoo in which the copy takes the place of the addons.
    """
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        for addon in addons.addons():
            shutil.copytree(addon, folder / addon.name, ignore=shutil.ignore_patterns("__pycache__"))
        if fault:
            from faults import ADDON

            fault.put_into(folder / ADDON)
        conf = configparser.RawConfigParser()
        conf.read(ODOO_CONF)
        paths = conf["options"]["addons_path"].split(",")
        conf["options"]["addons_path"] = ",".join(name if path == str(ROOT) else path for path in paths)
        configuration = folder / "odoo.conf"
        configuration.touch(mode=0o600)
        with configuration.open("w") as output:
            conf.write(output)
        yield configuration
