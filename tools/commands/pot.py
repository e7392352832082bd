"""bin/pot: renew the addons' lists of texts to translate, with Odoo's own exporter."""

import sys

from .. import addons
from ..console import guarded, run_logged, say, step
from ..paths import ODOO_CONF, ROOT
from ..signals import raise_on_end
from ..test_databases import run_database
from ..workspace import workspace

DATES = (b'"POT-Creation-Date:', b'"PO-Revision-Date:')  # would change without any text changing


def main(_arguments):
    with workspace() as space, run_database(space) as (database, _template), step("Texts: exporting"):
        command = [*(sys.executable, "-m", "odoo", "i18n", "export"), "-c", ODOO_CONF, "-d", database]
        run_logged("odoo-i18n", [*command, *addons.names()], env=space.environment())
    for name in addons.names():
        path = ROOT / name / "i18n" / f"{name}.pot"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(line for line in lines if not line.startswith(DATES)))
        say(f"  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
