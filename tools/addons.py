"""The project's addons: every folder of the repository with a manifest."""

import hashlib

from .paths import ROOT

# A database need not know of what changes here: tests, and what Odoo reads from the disk each time.
NOT_IN_DATABASE = {"tests", "static", "readme", "i18n", "__pycache__"}


TEST_ADDONS = ROOT / "tests/addons"  # installed by bin/test alone


def addons(root=ROOT):
    """:return: the folders of the addons, sorted by name.

    :param root: of the build: this one, or another one that it is compared with
    """
    return sorted(manifest.parent for manifest in root.glob("*/__manifest__.py"))


def test_addons():
    """:return: the folders of the addons that only tests install, sorted by name."""
    return sorted(manifest.parent for manifest in TEST_ADDONS.glob("*/__manifest__.py"))


def names(root=ROOT):
    return [folder.name for folder in addons(root)]


def test_names():
    return [folder.name for folder in test_addons()]


def fingerprint(root=ROOT):
    """:return: a digest of everything in the addons that goes into a database when they are installed."""
    digest = hashlib.sha256()
    for addon in [*addons(root), *(test_addons() if root == ROOT else ())]:
        for path in sorted(addon.rglob("*")):
            if path.is_file() and not NOT_IN_DATABASE & set(path.relative_to(addon).parts):
                digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
