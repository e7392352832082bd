"""What the reports call their bars, and in which colours lists show states."""

from ast import literal_eval

from lxml import etree

from odoo.service.model import call_kw
from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestReports(MarketingAutomationCommon):
    def _read_bars(self, xmlid):
        """Return the names of the bars of a report, as its graph asks for them."""
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        env = self.env(user=self.marketer, context={})
        view = call_kw(env[action["res_model"]], "get_views", [[[False, "graph"]]], {})["views"]["graph"]
        first = etree.fromstring(view["arch"]).find("field").get("name")
        groups = call_kw(
            env[action["res_model"]],
            "formatted_read_group",
            [literal_eval(action["domain"] or "[]"), [first], ["__count"]],
            {"context": literal_eval(action["context"])},
        )
        return [group[first][1] for group in groups]

    def test_bars_are_called_by_activity_and_campaign(self):
        """Two campaigns have a "Welcome", one of them has it twice."""
        for name in ("Autumn", "Spring"):
            campaign = self._create_campaign(name=name)
            welcome = self._create_action(campaign, "Welcome")
            if name == "Spring":
                self._create_action(campaign, "Welcome", "activity", welcome)
            self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        bars = self._read_bars("marketing_automation.marketing_trace_action")
        expected = {"Welcome · Autumn", "Welcome (At once) · Spring"}
        self.assertEqual({bar for bar in bars if bar.endswith(("Autumn", "Spring"))}, expected)

    def test_elsewhere_an_activity_is_called_by_its_name(self):
        welcome = self._create_action(self._create_campaign(name="Autumn"), "Welcome")
        self.assertEqual(welcome.display_name, "Welcome")

    def test_states_have_one_colour_everywhere(self):
        """Green is for what was done: nothing was done where a step was cancelled."""
        models = ("marketing.trace", "marketing.trace.report", "marketing.participant")
        views = self.env["ir.ui.view"].search([("model", "in", models), ("type", "in", ("list", "kanban"))])
        badges = [
            badge
            for view in views
            for badge in etree.fromstring(view.arch).iterfind(".//field[@name='state'][@widget='badge']")
        ]
        self.assertGreaterEqual(len(badges), 5)
        for badge in badges:
            green = badge.get("decoration-success") or ""
            self.assertTrue("processed" in green or "completed" in green, etree.tostring(badge))
            self.assertNotIn("canceled", green)
