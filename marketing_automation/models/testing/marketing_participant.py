from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...engine.context import TEST_KEY, TestRun


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    is_outside = fields.Boolean(
        string="Outside of the filter",
        readonly=True,
        help="The campaign's filter would not take this record. The test runs all the same.",
    )
    test_hint = fields.Char(compute="_compute_test_hint", help="How to go on with this test.")

    @api.depends("is_test", "state", "end_code", "trace_ids.state")
    @api.depends_context("lang")
    def _compute_test_hint(self):
        for participant in self:
            participant.test_hint = participant.is_test and participant._get_test_hint(fields.Datetime.now())

    def _get_test_hint(self, now):
        """Return in words what this test waits for, and how to go on."""
        if self._is_over():
            return _("The test ended: %s", self.end_reason)
        scheduled = self.trace_ids.filtered(lambda trace: trace.state == "scheduled")
        waiting = scheduled.filtered("waiting_since")
        scheduled -= waiting
        if waiting and not scheduled:
            names = ", ".join(f"“{name}”" for name in waiting.activity_id.mapped("name"))
            return _("It waits at %s: press Run there to see whether that is over, or choose what comes of it.", names)
        if scheduled:
            names = ", ".join(f"“{name}”" for name in scheduled.activity_id.mapped("name"))
            if scheduled.with_env(self.campaign_id._for_test().env)._wait_for_sending_hours():
                return _("Press Run beside %s: it runs now, whatever its date and the sending hours.", names)
            return _("Press Run beside %s: it runs now, whatever its date.", names)
        waits = self._get_test_waits(now)
        if not waits:
            return _("The test is through: nothing is left to run.")
        return " ".join(dict.fromkeys(waits))

    def _get_test_waits(self, now):
        """Return in words what may still happen in this test, and how to have it happen.

        :rtype: list[str]
        """
        traces = self.trace_ids.grouped("id")
        sentences = []
        for trace_id, waits in self._get_waits(self.trace_ids, self.trace_ids._get_facts(), now).items():
            name = traces[trace_id].activity_id.name
            words = {
                "open": _("It waits until “%s” is opened: open the message, or press “As if opened” below.", name),
                "click": _("It waits for a click in “%s”: click in the message, or press “As if clicked” below.", name),
                "reply": _("It waits for a reply to “%s”: answer it, or press “As if replied to” below.", name),
            }
            for wait in waits:
                if wait["step"]["state"] == "waiting" and wait["event"] != "bounce":
                    sentences.append(words.get(wait["event"]) or f"{name}: {wait['step']['note']}")
        return sentences

    def _keep_tests_running(self, now):
        """Keep tests running as long as something in them is waited for: their user ends them."""
        waiting = self.filtered(lambda test: test.is_test and test.state == "completed" and test._get_test_waits(now))
        waiting.write({"state": "running", "date_end": False})

    def action_stop_test(self):
        """End tests: what is scheduled is cancelled."""
        self.campaign_id.check_access("write")
        tests = self.filtered("is_test").sudo()
        tests._lock()
        tests._remove("test_stopped", fields.Datetime.now())
        tests.write({"state": "completed"})

    def action_test_again(self):
        """Launch another test for the same record, and open its page.

        :raise UserError: for a participant that is no test, or whose record is gone
        """
        self.ensure_one()
        if not self.is_test:
            raise UserError(_("This is not a test."))
        values = {"campaign_id": self.campaign_id.id, "res_id": self.res_id, "confirmed": True}
        wizard = self.env["marketing.campaign.test"].create(values)
        return wizard.action_launch_test()

    def action_refresh_test(self):
        """Take into account what really happened to the messages of a test: no cron does."""
        self.ensure_one()
        self.campaign_id.check_access("write")
        if not self.is_test:
            raise UserError(_("This is not a test."))
        test = self.sudo().with_context(**{TEST_KEY: TestRun(self.env.uid)})
        test._lock()
        if test._is_over():
            return
        test.env["marketing.trace"]._consume_events(test, fields.Datetime.now())
