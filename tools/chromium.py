"""Chromium, for the tests of Odoo's web client: the machine's own, or Debian's unpacked beside the project."""

import shutil

from .console import Problem, step
from .debian import Archive
from .locks import exclusive
from .paths import DEV

BROWSERS = ["google-chrome", "chromium", "chromium-browser", "google-chrome-stable"]  # as Odoo looks for them
HOW_TO_GET = "install it for the browser tests (Debian: apt-get install chromium)"

# Debian's own start script wants everything in /usr and /etc.
WRAPPER = """\
#!/bin/sh
home="$(cd "$(dirname "$0")/.." && pwd)"
for folder in "$home"/lib/*-linux-gnu "$home"/usr/lib/*-linux-gnu "$home"/usr/lib/*-linux-gnu/pulseaudio; do
    libraries="$libraries:$folder"
done
export LD_LIBRARY_PATH="${libraries#:}" FONTCONFIG_FILE="$home/fonts.conf" XDG_CACHE_HOME="$home/cache"
exec "$home/usr/lib/chromium/chromium" "$@"
"""
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def chromium_folder():
    """:return: the folder to put on PATH, None where a browser is on it already."""
    if any(map(shutil.which, BROWSERS)):
        return None
    folder = DEV / "chromium"
    with exclusive(DEV / "chromium.lock", "waiting for another command that downloads Chromium"):
        if not folder.exists():
            _download(folder)
    return folder / "bin"


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
        (making / "fonts.conf").write_text(FONTS)
        wrapper = making / "bin/chromium"
        wrapper.write_text(WRAPPER)
        wrapper.chmod(0o755)
    making.rename(folder)
    shutil.rmtree(archive.folder)
