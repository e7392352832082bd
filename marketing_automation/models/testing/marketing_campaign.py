"""Tests of a campaign: the life of real traces, at the pace of the user who presses Run.

A test goes through the workflow as its activities describe it now, with the rights of the
user who runs it. No cron touches it and nothing of it is counted.
"""

from odoo import _, fields, models

from ...engine.context import TEST_KEY, TestRun
from ...engine.errors import CampaignStop


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_launch_test(self):
        """Open the dialog in which a test is launched for one record of the target."""
        self.ensure_one()
        self._check_can_run(self._get_run_as_candidate())
        return {
            "name": _("Launch a Test"),
            "type": "ir.actions.act_window",
            "res_model": "marketing.campaign.test",
            "view_mode": "form",
            "target": "new",
            "context": {"default_campaign_id": self.id},
        }

    def action_view_tests(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        domain = [("campaign_id", "=", self.id), ("is_test", "=", True)]
        empty = self._get_empty_help(
            _("No tests yet"), _("Press Launch a Test in the campaign to go through its workflow yourself.")
        )
        context = {"marketing_of_campaign": True}
        return dict(action, display_name=_("Tests"), domain=domain, context=context, help=empty)

    def _create_test_participant(self, res_id):
        """Make a participant for a test, however many there were before.

        :param int res_id: id of a record of the target
        """
        self.ensure_one()
        self._check_can_run(self._get_run_as_candidate())
        now = fields.Datetime.now()
        campaign = self._for_test()
        participant = (
            self.env["marketing.participant"]
            .sudo()
            .create(
                {
                    "campaign_id": self.id,
                    "model_name": campaign._get_target(),
                    "res_id": res_id,
                    "is_test": True,
                    "is_outside": self._is_outside_filter(res_id),
                    "source": "test",
                    "date_start": now,
                }
            )
        )
        self.env.flush_all()
        clock = campaign._get_clocks([res_id], now).get(res_id)
        self.env["marketing.trace"].sudo()._insert_traces(
            [(participant.id, step.id, step.due(now, clock), 1, None) for step in campaign._get_workflow().roots]
        )
        return participant.with_env(self.env)

    def _is_outside_filter(self, res_id):
        """Tell whether the campaign would not take a record, as the user who asks sees it: its test runs all the same.

        :param int res_id: id of a record of the target
        """
        campaign = self._for_test()
        try:
            env = campaign._get_run_env()
            return res_id not in campaign._filter_res_ids(env, [res_id], [campaign._get_workflow().domain])
        except CampaignStop:
            return False  # an error of its own, which Launch tells

    def _for_test(self):
        """Return this campaign as its tests see it, with every right."""
        return self._as_described(self.env.user)

    def _as_described(self, user):
        """Return this campaign with the workflow as its activities describe it now, acting for a user."""
        return self.sudo().with_context(**{TEST_KEY: TestRun(user.id)})
