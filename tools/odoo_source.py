"""Odoo 19 itself: the user's own (ODOO_HOME), or Debian's package unpacked beside the project."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .console import Problem, step
from .debian import Archive, machine_suite
from .locks import exclusive
from .paths import DEV

SERIES = (19, 0)
PACKAGE = "odoo-19"
# The package links to these in /usr/share; unpacked under the same prefix, its relative links find them.
COMPANIONS = ["libjs-jquery", "libjs-jquery-form", "libjs-underscore", "fonts-roboto-unhinted", "fonts-montserrat"]
ICON_FONT = "fonts-font-awesome"  # from the machine's own suite: sid's version 7 has no webfont files
# Left out of Debian's package; without the file the web bundle logs an error, which fails every browser test.
MISSING_SCRIPT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
HOW_TO_GET = "clone the branch 19.0 of Odoo's public repository odoo/odoo and set ODOO_HOME to that folder"


@dataclass(frozen=True)
class OdooSource:
    home: Path  # what goes on PYTHONPATH

    @property
    def addons_paths(self):
        """:return: the folders that hold Odoo's own addons: a package has all in one, a checkout in two."""
        inside, beside = self.home / "odoo/addons", self.home / "addons"
        return [inside] if (inside / "web").is_dir() else [inside, beside]


def odoo_source():
    """:return: the Odoo to use, which is downloaded where it is missing."""
    if "ODOO_HOME" in os.environ:
        return _read(Path(os.environ["ODOO_HOME"]).expanduser().absolute(), "ODOO_HOME")
    folder = DEV / "odoo"
    home = folder / "usr/lib/python3/dist-packages"
    if not folder.exists():
        with exclusive(DEV / "odoo.lock", "waiting for another command that downloads Odoo"):
            if not folder.exists():
                _download(folder)
    return _read(home, "the Odoo unpacked from Debian")


def _read(home, what):
    release = home / "odoo/release.py"
    if not release.is_file():
        raise Problem(f"{what}: {home} holds no Odoo (looked for odoo/release.py)")
    match = re.search(r"^version_info\s*=\s*\(\s*(\d+)\s*,\s*(\d+)", release.read_text(), re.MULTILINE)
    if not match or (int(match[1]), int(match[2])) != SERIES:
        found = f"{match[1]}.{match[2]}" if match else "an unknown version"
        raise Problem(f"{what}: {home} holds Odoo {found}; this project is for {SERIES[0]}.{SERIES[1]}")
    return OdooSource(home)


def _download(folder):
    """Unpack beside the final place and rename at the end, so that what is there is whole."""
    making = DEV / "odoo.making"
    if not shutil.which("apt-get"):
        raise Problem(f"no apt-get here to download Debian's package {PACKAGE} with: {HOW_TO_GET}")
    suite = machine_suite()
    archive = Archive(DEV / "odoo.apt", sorted({"sid", suite}))
    with step("Odoo 19: reading Debian's package lists", watch=archive.folder):
        archive.update()
    with step("Odoo 19: downloading from Debian (some 130 MB)", watch=archive.folder):
        archive.download([f"{name}/sid" for name in [PACKAGE, *COMPANIONS]] + [f"{ICON_FONT}/{suite}"])
    with step("Odoo 19: unpacking", watch=making):
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        archive.unpack(making)
        script = making / "usr/lib/python3/dist-packages/odoo/addons" / MISSING_SCRIPT
        script.parent.mkdir(parents=True, exist_ok=True)
        script.touch()
    making.rename(folder)
    shutil.rmtree(archive.folder)
