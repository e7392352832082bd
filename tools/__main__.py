"""First half of every command, on the system's Python: make the environment, then go on inside it."""

import os
import sys

from .console import guarded
from .environment import python
from .paths import DEV, ROOT


def main(arguments):
    command, *rest = arguments
    interpreter = str(python())
    # Compiled modules are kept, in one place: tests start some hundred processes that load Odoo, and each would compile
    # all of it again where the user keeps Python from writing beside the sources.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(DEV / "pycache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execve(interpreter, [interpreter, "-m", f"tools.commands.{command}", *rest], environment)


if __name__ == "__main__":
    sys.exit(guarded(main, sys.argv[1:]))
