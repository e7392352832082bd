"""Chromium, for the tests of Odoo's web client: the machine's own, or Debian's unpacked beside the project."""

import os
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

from .console import Problem, step
from .debian import Archive
from .locks import exclusive
from .paths import DEV

BROWSERS = ["google-chrome", "chromium", "chromium-browser", "google-chrome-stable"]  # as Odoo looks for them
ROBOTO = "web/static/fonts/google/Roboto"  # in Odoo's addons
HOW_TO_GET = "install it for the browser tests (Debian: apt-get install chromium)"

# Debian's own start script wants everything in /usr and /etc.
WRAPPER = """\
#!/bin/sh
home="$(cd "$(dirname "$0")/.." && pwd)"
for folder in "$home"/lib/*-linux-gnu "$home"/usr/lib/*-linux-gnu "$home"/usr/lib/*-linux-gnu/pulseaudio; do
    libraries="$libraries:$folder"
done
export LD_LIBRARY_PATH="${libraries#:}" XDG_CACHE_HOME="$home/cache"
exec "$home/usr/lib/chromium/chromium" "$@"
"""
# Pages look as most people see them: Odoo's stack of fonts holds Roboto, which Odoo itself brings along.
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{roboto}</dir>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">chromium/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Roboto</family></prefer></alias>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
"""


def browser_environment(source):
    """Make a browser ready for Odoo's pages.

    :param OdooSource source: whose fonts they are written in
    :return: the variables of its environment: PATH, which leads to it, and its fonts
    """
    [roboto] = filter(Path.is_dir, (home / ROBOTO for home in source.addons_paths))
    fonts, path = DEV / "fonts.conf", os.environ["PATH"]
    with exclusive(DEV / "chromium.lock", "waiting for another command that downloads Chromium"):
        _replace(fonts, FONTS.format(roboto=escape(str(roboto))))
        if not any(map(shutil.which, BROWSERS)):
            folder = DEV / "chromium"
            if not folder.exists():
                _download(folder)
            _replace(folder / "bin/chromium", WRAPPER)
            path = f"{folder / 'bin'}{os.pathsep}{path}"
    return {"PATH": path, "FONTCONFIG_FILE": str(fonts)}


def _replace(path, text):
    """Write a file at one stroke: a browser that is being started may read it."""
    making = path.with_suffix(".making")
    making.write_text(text)
    making.chmod(0o755)
    making.rename(path)


def _download(folder):
    """Unpack beside the final place and rename at the end, so that what is there is whole."""
    making = DEV / "chromium.making"
    try:
        archive = Archive(DEV / "chromium.apt")
        with step("Chromium: reading Debian's package lists", watch=archive.folder):
            archive.update()
        with step("Chromium: downloading, with the libraries that are missing here", watch=archive.folder):
            archive.download_with_dependencies("chromium")
    except Problem as problem:
        raise Problem(f"no Chromium found, {HOW_TO_GET}; fetching it failed: {problem}") from problem
    with step("Chromium: unpacking", watch=making):
        shutil.rmtree(making, ignore_errors=True)
        (making / "bin").mkdir(parents=True)
        archive.unpack(making)
    making.rename(folder)
    shutil.rmtree(archive.folder)
