"""The lists of texts to translate are those of the code, which bin/pot renews; translations are whole."""

import io
import re

import polib
import pytest

from odoo import api
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name
from odoo.tools.translate import trans_export

from tools import addons
from tools.paths import ROOT


def texts(pot):
    """:return: each text of a list, with where it is used"""
    return {entry.msgid: (sorted(entry.occurrences), entry.comment) for entry in polib.pofile(pot)}


@pytest.mark.parametrize("name", addons.names())
def test_pot_is_current(name):
    with Registry(get_db_name()).cursor(readonly=True) as cr:
        exported = io.BytesIO()
        trans_export(None, [name], exported, "po", api.Environment(cr, api.SUPERUSER_ID, {}))
    current = texts(exported.getvalue().decode())
    kept = texts(str(ROOT / name / "i18n" / f"{name}.pot"))
    complaint = f"bin/pot renews {name}.pot"
    assert kept.keys() == current.keys(), complaint
    assert kept == current, complaint


# What a translation has to keep: %s, %(name)s, {{ }}, and the tags of HTML
KEPT = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\{.*?\}\}|</?[a-z]\w*")


@pytest.mark.parametrize("language", ["de", "es", "fr", "nl"])
@pytest.mark.parametrize("name", addons.names())
def test_translation_is_whole(name, language):
    pot = texts(str(ROOT / name / "i18n" / f"{name}.pot"))
    translation = polib.pofile(str(ROOT / name / "i18n" / f"{language}.po"))
    assert not [entry.msgid for entry in translation.untranslated_entries() + translation.fuzzy_entries()]
    assert {entry.msgid for entry in translation} == pot.keys()
    for entry in translation:
        assert sorted(KEPT.findall(entry.msgstr)) == sorted(KEPT.findall(entry.msgid)), entry.msgid
        assert entry.msgid.endswith("\n") == entry.msgstr.endswith("\n"), entry.msgid
