from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon

NOTE = "env['res.partner'].browse(record.res_id).write({'ref': 'reminded'})"


@tagged("post_install", "-at_install")
class TestAutomationRules(MarketingAutomationCommon):
    """A rule that would never run is refused; the others run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.written = [name for name, model in cls.env.items() if getattr(model, "_written_by_engine", False)]

    def _create_rule(self, model_name, trigger, code="pass", **values):
        model = self.env["ir.model"]._get(model_name)
        action = self.env["ir.actions.server"].create(
            {"name": "Act", "model_id": model.id, "state": "code", "code": code, "usage": "base_automation"}
        )
        values = {"name": "Remind", "model_id": model.id, "trigger": trigger, **values}
        return self.env["base.automation"].create({**values, "action_server_ids": [(6, 0, action.ids)]})

    def _date(self, model_name, name):
        return self.env["ir.model.fields"]._get(model_name, name).id

    def test_refused(self):
        names = {"marketing.participant", "marketing.trace", "marketing.trace.event"}
        self.assertLessEqual(names, set(self.written))
        for name in self.written:
            for trigger in ("on_create_or_write", "on_create", "on_unlink", "on_change", "on_time_updated"):
                with self.assertRaisesRegex(ValidationError, "Remind.*never run.*workflow"), self.cr.savepoint():
                    self._create_rule(name, trigger)
        rule = self._create_rule("marketing.campaign", "on_create_or_write")
        rule.action_server_ids.unlink()
        with self.assertRaisesRegex(ValidationError, "never run"), self.cr.savepoint():
            rule.model_id = self.env["ir.model"]._get("marketing.trace")
        with self.assertRaisesRegex(ValidationError, "never run"), self.cr.savepoint():
            updated = self._date("marketing.trace", "write_date")
            self._create_rule("marketing.trace", "on_time", trg_date_id=updated)

    def test_on_a_date(self):
        enrolled = self._date("marketing.participant", "date_start")
        delay = {"trg_date_range": 2, "trg_date_range_type": "day", "trg_date_range_mode": "after"}
        rule = self._create_rule("marketing.participant", "on_time", NOTE, trg_date_id=enrolled, **delay)
        campaign = self._create_campaign()
        self._create_action(campaign, "Act", interval_number=30, interval_type="days")
        self._start(campaign)
        rule.last_run = self.start
        cron = "base_automation.ir_cron_data_base_automation_check"
        for days, expected in [(1, {False}), (3, {"reminded"})]:
            self._run_crons(self.start + timedelta(days=days), cron)
            self.assertEqual(set(self.contacts.mapped("ref")), expected)

    def test_on_campaigns(self):
        self._create_rule("marketing.campaign", "on_state_set", "record.write({'color': 5})")
        campaign = self._create_campaign()
        self._create_action(campaign, "Act")
        self._start(campaign)
        self.assertEqual(campaign.color, 5)
