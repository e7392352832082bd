"""bin/odoo: this project's Odoo, used like odoo-bin."""

import sys

from ..console import guarded
from ..processes import foreground
from ..signals import raise_on_end
from ..workspace import workspace


def main(arguments):
    with workspace() as space:
        return foreground(space.odoo_command(*arguments), env=space.environment())


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
