"""What the documents name is what is there: words of screens, menus, indexes, tests."""

import re

import polib
import pytest

from tools import addons
from tools.paths import ROOT

GUIDES = ["administrator_guide.md", "user_guide.md"]
TERM = re.compile(r"(?<![*\w])\*([^*\n]+)\*(?!\*)")
LISTED = re.compile(r", | → ")
MENU = re.compile(r"\*\*([^*]+ → [^*]+)\*\*")
ROUTE = re.compile(r'@http\.route\(\s*"([^"]+)"')
VARIABLE = re.compile(r"<[^>]*>")
INDEX_ROW = re.compile(r"^\|[\w ]*\| `(\w+)` \|", re.MULTILINE)
COMMAND = re.compile(r"`bin/([\w-]+)")
TEST = re.compile(r"`(/tests/|marketing_automation\w*`: `|tests/)?(test_\w+\.py)`")
# Odoo's words and ours, in English: labels, menus, views, buttons, choices
WORDS = """
    SELECT field_description->>'en_US' FROM ir_model_fields UNION SELECT name->>'en_US' FROM ir_model_fields_selection
     UNION SELECT arch_db->>'en_US' FROM ir_ui_view UNION SELECT name->>'en_US' FROM ir_ui_menu
     UNION SELECT name->>'en_US' FROM ir_actions UNION SELECT name->>'en_US' FROM res_groups
     UNION SELECT name->>'en_US' FROM res_groups_privilege UNION SELECT shortdesc->>'en_US' FROM ir_module_module
"""
# Those of our tables, and ours on tables of Odoo
INDEXES = """
    SELECT indexname FROM pg_indexes
     WHERE schemaname = 'public' AND indexname NOT LIKE '%%\\_pkey'
       AND (tablename LIKE 'marketing\\_%%' OR indexname LIKE '%%\\_marketing\\_%%'
            OR indexname = 'mailing_trace__message_id_index')
"""


def read(document):
    return (ROOT / "docs" / document).read_text()


def words_of_addons():
    """Return what our addons say, scripts included."""
    catalogues = [ROOT / name / "i18n" / f"{name}.pot" for name in addons.names()]
    return [entry.msgid for path in catalogues for entry in polib.pofile(str(path))]


def test_guides_say_what_the_screens_say(read_server):
    """Words in italics and menus in bold."""
    texts = [text for (text,) in read_server.query(WORDS) if text]
    shown = "\n".join(texts + words_of_addons()).replace("&amp;", "&")
    menus = {menu["complete_name"] for menu in read_server.rpc("ir.ui.menu", "search_read", [], ["complete_name"])}
    for guide in GUIDES:
        terms = {word for term in TERM.findall(read(guide)) for word in LISTED.split(term)} - {"…"}
        unknown = {term for term in terms if not re.search(rf"(?<!\w){re.escape(term)}(?!\w)", shown, re.IGNORECASE)}
        assert not unknown, guide
        assert not {path for path in MENU.findall(read(guide)) if path.replace(" → ", "/") not in menus}, guide


def test_architecture_names_every_index(read_server):
    existing = {name for (name,) in read_server.query(INDEXES)}
    assert set(INDEX_ROW.findall(read("architecture.md"))) == existing


@pytest.mark.parametrize("document", ["architecture.md", "administrator_guide.md"])
def test_tests_that_are_named_exist(document):
    named = {name for _folder, name in TEST.findall(read(document))}
    folders = [ROOT / "tests", *(ROOT / name / "tests" for name in addons.names())]
    assert named
    assert named <= {path.name for folder in folders for path in folder.glob("test_*.py")}


def test_readme_names_every_command():
    named = set(COMMAND.findall((ROOT / "README.md").read_text()))
    assert named == {path.name for path in (ROOT / "bin").iterdir()}


def test_each_route_is_told_in_the_security_document():
    """With what it accepts, and from whom."""
    told = VARIABLE.sub("<>", (ROOT / "SECURITY.md").read_text())
    controllers = [path for name in addons.names() for path in (ROOT / name / "controllers").glob("*.py")]
    routes = {route for path in controllers for route in ROUTE.findall(path.read_text())}
    assert len(routes) >= 5
    assert [route for route in sorted(routes) if f"`{VARIABLE.sub('<>', route)}" not in told] == []
