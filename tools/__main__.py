"""First half of every command, on the system's Python: make the environment, then go on inside it."""

import os
import sys

from .console import guarded
from .environment import python
from .paths import ROOT


def main(arguments):
    command, *rest = arguments
    interpreter = str(python())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    os.execve(interpreter, [interpreter, "-m", f"tools.commands.{command}", *rest], environment)


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
