"""The administrator guide: the scheduled actions, options, parameters and tables that it names, and its example."""

import re
from pathlib import Path

import pytest
from test_developer_guide import BLOCK

from odoo.tests import tagged
from odoo.tools import config

import odoo.addons
from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon

from tools.paths import ROOT

GUIDE = (ROOT / "docs" / "administrator_guide.md").read_text()
OPTION = re.compile(r"`(--[\w-]+)`")
CRON = re.compile(r"`([A-Z]\w*[\w ]*: [A-Za-z-][^`]*)`")
OTHER_COMMANDS = {"--neutralize"}  # of `odoo-bin db`


def first_cells(heading):
    """Return the names in the first column of a section's table."""
    [section] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_scheduled_actions(read_server):
    known = {
        cron["name"] for cron in read_server.rpc("ir.cron", "search_read", [("active", "in", [True, False])], ["name"])
    }
    named = {name.replace("\n", " ") for name in CRON.findall(GUIDE)}
    assert {name for name in known if name.startswith("Marketing Automation")} <= named
    assert not {name for name in named - known if not name.endswith("(2)")}, "a second lane is made in the settings"


def test_tables(read_server):
    for name in first_cells("Retention") | first_cells("Personal data"):
        assert read_server.query("SELECT to_regclass(%s)", name) != [(None,)], name


def test_options():
    named = set(OPTION.findall(GUIDE)) - OTHER_COMMANDS
    assert named
    assert not {option for option in named if not config.parser.has_option(option)}


@pytest.mark.parametrize("key", sorted(first_cells("System parameters")))
def test_system_parameters_are_read_by_the_source(key):
    places = [Path(folder) for folder in odoo.addons.__path__]
    modules = ["base", "mail", "sms", "marketing_automation"]
    sources = [path for place in places for module in modules for path in (place / module / "models").glob("**/*.py")]
    sources += (Path(odoo.tools.__path__[0])).glob("misc.py")
    assert any(f"'{key}'" in text or f'"{key}"' in text for text in (path.read_text() for path in sources)), key


@tagged("post_install", "-at_install")
class TestErase(MarketingAutomationCommon):
    def test_example(self):
        """What is left of a person holds nothing of them, and the numbers stay."""
        [code] = [match["code"] for match in BLOCK.finditer(GUIDE) if match["name"] == "erase"]
        [field] = self.env["ir.model.fields"].search([("model", "=", "res.partner"), ("name", "=", "email")])
        campaign = self._create_campaign(unique_field_id=field.id)
        email = self._create_email(campaign, "Welcome")
        self._start(campaign)
        self._run_crons(self.start)
        person = self.contacts[0]
        trace = self._trace(email, person)
        trace.mailing_trace_ids.set_clicked()
        trace.end_params = {"detail": person.email}
        participant = trace.participant_id
        self.assertTrue(participant.unicity_key and all(trace.event_ids.mapped("source")))

        self.patch(self.env.cr, "commit", self.env.flush_all)
        exec(compile(code.replace("42", str(person.id)), "example", "exec"), {"env": self.env})
        self.env.invalidate_all()
        self.assertFalse(participant.unicity_key or trace.end_params or any(trace.event_ids.mapped("source")))
        self.assertEqual(email.total_click, 1)
