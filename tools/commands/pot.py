"""bin/pot: renew the addons' lists of texts to translate, with Odoo's own exporter, and bring translations up to them.

A translation keeps what is still said, and gets what is new without a text: tests/test_translations.py names it.
"""

import sys

import polib

from .. import addons
from ..console import guarded, run_logged, say, step
from ..paths import ODOO_CONF, ROOT
from ..signals import raise_on_end
from ..test_databases import run_database
from ..workspace import workspace

WIDTH = 78  # as Odoo wraps them
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
        for translation in sorted(path.parent.glob("*.po")):
            missing = _bring_up(translation, path)
            say(f"  {translation.relative_to(ROOT)}: {missing} to translate" if missing else f"  {translation.name}")


def _bring_up(translation, pot):
    """Give a translation the texts of a list, and return how many of them it does not translate."""
    po = polib.pofile(str(translation), wrapwidth=WIDTH)
    po.merge(polib.pofile(str(pot)))
    for entry in po.obsolete_entries():
        po.remove(entry)
    po.save()
    return len(po.untranslated_entries() + po.fuzzy_entries())


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
