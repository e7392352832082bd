"""The Python environment, made anew when the pinned requirements change. Runs on the system's bare Python."""

import hashlib
import importlib.util
import os
import shutil
import sys

from .console import Problem, run_logged, step
from .locks import exclusive
from .paths import DEV, ROOT


def python():
    """:return: the interpreter of the project's environment, which is made where it is missing."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    requirements = ROOT / "requirements" / f"python{version}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:8]
    folder = DEV / f"venv-{version}-{digest}"
    ready = folder / "ready"
    if not ready.exists():
        with exclusive(DEV / "venv.lock", "waiting for another command that makes the Python environment"):
            if not ready.exists():
                _make(folder, requirements)
                ready.touch()
    return folder / "bin" / "python"


def _make(folder, requirements):
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Problem("this Python has no venv module (Debian: apt-get install python3-venv)")
    shutil.rmtree(folder, ignore_errors=True)
    with step("Python environment: creating"):
        run_logged("venv", [sys.executable, "-m", "venv", folder])
    with step(f"Python environment: installing {requirements.name}", watch=folder):
        run_logged(
            "pip",
            [folder / "bin/python", "-m", "pip", "install", "--disable-pip-version-check", "-r", requirements],
            env={**os.environ, "PYTHONPATH": ""},
        )
