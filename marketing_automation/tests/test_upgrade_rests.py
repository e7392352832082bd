from dataclasses import replace

from odoo.tests import tagged

from ..upgrade_rests import keep_what_campaigns_rest_on
from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestUpgradeRests(MarketingAutomationCommon):
    """The upgrade to 19.0.1.0.1, for campaigns that the first release started."""

    def test_what_the_upgrade_makes_of_the_first_releases_campaigns(self):
        campaign = self._create_campaign()
        email = self._create_email(campaign, "Welcome")
        act = self._create_action(campaign, "Act")
        self._start(campaign)
        old = dict(campaign.sudo().workflow, unique_field="x_gone")
        del old["model_name"], old["rests"]
        campaign.sudo().workflow = old
        shared = self.env["ir.attachment"].create({"name": "a.txt", "raw": b"A"})
        other = self._create_template("Other")
        campaign.flush_recordset()
        for mailing in (email.mass_mailing_id, other):
            self.env.cr.execute("INSERT INTO mass_mailing_ir_attachments_rel VALUES (%s, %s)", [mailing.id, shared.id])
        self.env.invalidate_all()
        keep_what_campaigns_rest_on(self.env)
        self.env.invalidate_all()
        workflow = campaign.sudo()._get_workflow()
        self.assertEqual((workflow.model_name, set(workflow.rests)), ("res.partner", {str(email.id), str(act.id)}))
        self.assertNotEqual(email.mass_mailing_id.attachment_ids, other.attachment_ids)
        self.assertEqual((campaign.unique_field_name, campaign.is_unicity_lost), ("x_gone", True))
        self.assertFalse(campaign.waiting_text)
        fresh = replace(workflow, unique_field=None)
        campaign.sudo().workflow = fresh.to_json()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(act, dict.fromkeys(self.contacts, "processed"))
