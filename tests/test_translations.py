"""The lists of texts to translate are those of the code; bin/pot renews them."""

import io

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
