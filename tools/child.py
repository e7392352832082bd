"""A function of ours in an Odoo process of its own: no HTTP, no crons, nothing that a run before left in memory.

    python -m tools.child CONFIGURATION DATABASE MODULE:FUNCTION ARGUMENTS

Its result is the last line of its output, as JSON. With the argument "wait" it says "ready" when the registry is
loaded, and begins upon a line on its standard input, so that several begin at once.
"""

import importlib
import json
import resource
import subprocess
import sys
from contextlib import contextmanager

from .console import Problem, telling_line
from .paths import LOGS, ROOT

READY = "ready\n"


def run_child(space, database, function, **arguments):
    """Run a function and wait for it.

    :param str function: "module:function" of this package; it takes the registry and the arguments
    :return: what it returns
    :raise Problem: when it fails
    """
    with child(space, database, function, **arguments) as process:
        return result_of(process)


@contextmanager
def child(space, database, function, **arguments):
    """Start a function; give its process, which ends with the block."""
    LOGS.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tools.child", str(space.configuration), database, function, json.dumps(arguments)]
    with (LOGS / "child.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=space.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def result_of(process):
    """Wait for a function.

    :raise Problem: when it failed
    """
    output, _errors = process.communicate()
    if process.returncode:
        log = LOGS / "child.log"
        raise Problem(
            f"what was to be done failed: {telling_line(log.read_text(errors='replace'))} [{log.relative_to(ROOT)}]"
        )
    return json.loads(output.splitlines()[-1])


def main(configuration, database, function, arguments):
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(["-c", configuration, "-d", database, "--log-level", "error"], setup_logging=True)
    registry = Registry(database)
    arguments = json.loads(arguments)
    if arguments.pop("wait", False):
        print(READY, end="", flush=True)
        sys.stdin.readline()
    module, name = function.split(":")
    result = getattr(importlib.import_module(f"tools.{module}"), name)(registry, **arguments)
    print(json.dumps(result))


def peak_memory():
    """:return: the most memory that this process ever had, in MB"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:5])
