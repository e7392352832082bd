"""Chromium, for the tests of Odoo's web client: the machine's own, or Debian's unpacked beside the project."""

import shutil

BROWSERS = ["google-chrome", "chromium", "chromium-browser", "google-chrome-stable"]  # as Odoo looks for them


def chromium_folder():
    """:return: the folder to put on PATH, None where a browser is on it already."""
    if any(map(shutil.which, BROWSERS)):
        return None
