"""The mails of the campaign templates in their wire form, which tests/test_template_mails.py keeps."""

from .keeping import FOLDER

TEMPLATES = FOLDER / "templates"


def read_kept():
    """:return: pairs of the name of a template and its step, and the file of its mail"""
    return [(path.stem, path) for path in sorted(TEMPLATES.glob("*.eml"))]
