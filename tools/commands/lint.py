"""bin/lint: the linters, all of them even if the first complains."""

import argparse
import subprocess
import sys

from lxml import etree

from .. import addons
from ..console import guarded, say
from ..paths import ROOT
from ..signals import raise_on_end


def main(arguments):
    parser = argparse.ArgumentParser(prog="bin/lint", description="Check the style of Python and XML.")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended")
    fix = parser.parse_args(arguments).fix
    failed = [name for name, passes in CHECKS.items() if not passes(fix)]
    say(f"lint: {', '.join(failed)} failed" if failed else "lint: all is well")
    return 1 if failed else 0


def ruff_check(fix):
    return _passes("ruff", "check", *(["--fix"] if fix else []), ".")


def ruff_format(fix):
    return _passes("ruff", "format", *([] if fix else ["--check"]), ".")


def pylint_odoo(_fix):
    return not addons.addons() or _passes("pylint", f"--rcfile={ROOT / '.pylintrc-mandatory'}", *addons.addons())


def well_formed_xml(_fix):
    passes = True
    for addon in addons.addons():
        for path in sorted(addon.rglob("*.xml")):
            try:
                etree.parse(path)
            except etree.XMLSyntaxError as error:
                say(f"{path.relative_to(ROOT)}: {error}")
                passes = False
    return passes


CHECKS = {
    "ruff check": ruff_check,
    "ruff format": ruff_format,
    "pylint-odoo": pylint_odoo,
    "well-formed XML": well_formed_xml,
}


def _passes(module, *arguments):
    return subprocess.call([sys.executable, "-m", module, *arguments], cwd=ROOT) == 0


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
