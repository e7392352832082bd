"""bin/lint: the linters, all of them even if the first complains."""

import argparse
import subprocess
import sys

from .. import addons
from ..console import guarded, say
from ..javascript_tools import run_eslint, run_prettier
from ..paths import ROOT
from ..signals import raise_on_end


def main(arguments):
    parser = argparse.ArgumentParser(prog="bin/lint", description="Check the style of code and views.")
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


def eslint(fix):
    return run_eslint(*(["--fix"] if fix else []), *_files("js", "mjs"))


def prettier(fix):
    return run_prettier("--write" if fix else "--check", *_files("js", "mjs", "scss", "xml"))


def _files(*suffixes):
    """:return: the files of the addons, the tests and the tools that end so"""
    folders = [*addons.addons(), ROOT / "tests", ROOT / "tools"]
    return sorted(path for folder in folders for suffix in suffixes for path in folder.rglob(f"*.{suffix}"))


CHECKS = {
    "ruff check": ruff_check,
    "ruff format": ruff_format,
    "pylint-odoo": pylint_odoo,
    "eslint": eslint,
    "prettier": prettier,
}


def _passes(module, *arguments):
    return subprocess.call([sys.executable, "-m", module, *arguments], cwd=ROOT) == 0


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
