from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.marketing_automation.tests.common import ENROLMENT_CRON, EXECUTION_CRON

from .common import LeadsCommon

PRIORITY = "record.write({'priority': '3'})"


@tagged("post_install", "-at_install")
class TestLeads(LeadsCommon, HttpCase):
    """Leads as the target of a campaign."""

    def _enrolled(self, campaign):
        return self.env["crm.lead"].browse(campaign.sudo().participant_ids.mapped("res_id"))

    def test_audience_is_what_the_salesperson_may_see(self):
        """Their own leads and those of nobody, as Odoo's rule has it; not a colleague's, nor a lost one."""
        foreign = self._create_leads("Foreign", user_id=self.seller.id)
        unassigned = self._create_leads("Unassigned", user_id=False)
        self._create_leads("Lost").action_set_lost()
        self._create_leads("Elsewhere", tag_ids=False)
        campaign = self._create_lead_campaign()
        self._create_action(campaign, "Hot", code=PRIORITY)
        self._start(campaign)
        self.assertEqual(self._enrolled(campaign), self.leads + unassigned)
        # who is handed over leaves, and is not acted upon
        self.leads[0].user_id = self.seller
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual((self.leads + unassigned + foreign).mapped("priority"), ["0", "3", "3", "3", "0"])
        self.assertEqual(self._participant(campaign, self.leads[0]).state, "unlinked")

    def test_filter_on_what_a_lead_has(self):
        no_phone = self._create_leads("Mute", phone=False)
        opportunity = self._create_leads("Opportunity", type="opportunity", phone="+32 2 290 34 90")
        campaign = self._create_lead_campaign(
            domain=repr([("tag_ids", "in", self.tag.ids), ("phone", "!=", False), ("user_id", "=", self.marketer.id)])
        )
        self._create_action(campaign, "Hot", code=PRIORITY)
        self._start(campaign)
        self.assertEqual(self._enrolled(campaign), self.leads + opportunity)
        no_phone.phone = "+32 2 290 34 91"
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertIn(no_phone, self._enrolled(campaign))

    def test_a_marketer_without_rights_on_leads_starts_no_campaign_on_them(self):
        campaign = self._create_lead_campaign()
        self._create_action(campaign, "Hot", code=PRIORITY)
        with self.assertRaisesRegex(UserError, "Oda Outsider may not read “Lead"):
            campaign.with_user(self.outsider).action_start_campaign()
        self.assertFalse(campaign.participant_ids)

    def test_unicity_of_the_address(self):
        """However it is written, the oldest lead is enrolled; no address is no duplicate."""
        leads = self.env["crm.lead"].create(
            [
                {"name": str(number), "email_from": email, "user_id": self.marketer.id, "tag_ids": self.tag.ids}
                for number, email in enumerate(
                    ['"Zoe" <ZOE@leads.example.com>', " zoe@leads.example.com ", False, False, "yann@leads.example.com"]
                )
            ]
        )
        field = self.env["ir.model.fields"]._get("crm.lead", "email_from")
        campaign = self._create_lead_campaign(domain=repr([("id", "in", leads.ids)]), unique_field_id=field.id)
        self._create_action(campaign, "Hot", code=PRIORITY)
        self._start(campaign)
        self.assertEqual(self._enrolled(campaign), leads[0] + leads[2:])
        self.assertRegex(self._participant(campaign, leads[0]).unicity_key, "^[0-9a-f]{32}$")

    def test_activity_for_the_salesperson(self):
        """Each lead's own, by Odoo's own server action."""
        self.marketer.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        self.leads[1].user_id = self.seller
        campaign = self._create_lead_campaign()
        action = self._create_server_action(
            name="Call",
            model_id=self.model_lead.id,
            code=False,
            state="next_activity",
            activity_type_id=self.env.ref("mail.mail_activity_data_call").id,
            activity_summary="Call them",
            activity_user_type="generic",
            activity_user_field_name="user_id",
        )
        self._create_activity(campaign, "Call", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        for lead in self.leads:
            self.assertEqual(lead.activity_ids.mapped("summary"), ["Call them"])
        self.assertEqual(self.leads.activity_ids.mapped("user_id"), self.marketer + self.seller)
        self.assertEqual(self.leads[1].activity_ids.user_id, self.seller)

    def test_mailed_then_opened_clicked_and_replied(self):
        fay, gus, hal = self.leads
        self.env["mail.blacklist"]._add(hal.email_from)
        campaign = self._create_lead_campaign()
        email = self._create_email(campaign, "Welcome")
        steps = {
            event: self._create_action(campaign, event, f"mail_{event}", email, code=PRIORITY)
            for event in ("open", "click", "reply")
        }
        self.assertEqual(email.mass_mailing_id.reply_to_mode, "update")
        self._start(campaign)
        mails = self._run_crons(self.start)
        self.assertEqual(len(mails), 2)
        self.assertEqual(self._trace(email, hal).end_code, "mail_bl")
        self.assertIn("Hello Fay", self._mail_to(mails, fay)["body"])
        later = self.start + timedelta(hours=1)
        link, _pixel = self._links(self._mail_to(mails, fay))
        _link, pixel = self._links(self._mail_to(mails, gus))
        with self._at(later):
            self.url_open(link, allow_redirects=False)
            self.url_open(pixel)
        self._run_crons(later, EXECUTION_CRON)
        self.assertTraces(steps["click"], {fay: "processed", gus: None})
        self.assertTraces(steps["open"], {fay: "processed", gus: "processed"})
        # an answer to the mail's address, or to the team's, goes into the thread of the lead: it makes no other
        before = self.env["crm.lead"].search_count([])
        for lead, address in ((fay, f"{self.alias_catchall}@{self.alias_domain}"), (gus, self.team.alias_full_name)):
            answered = self._mail_to(mails, lead)
            self.assertIn(f"<{self.alias_catchall}@{self.alias_domain}>", answered["reply_to"])
            self._receive_answer(later, lead.email_from, address, answered["message_id"])
            self.assertIn("Thank you.", lead.message_ids[0].body)
        self._run_crons(later, EXECUTION_CRON)
        self.assertTraces(steps["reply"], {fay: "processed", gus: "processed"})
        self.assertEqual(self.env["crm.lead"].search_count([]), before)
        self.assertEqual((email.total_sent, email.total_open, email.total_click, email.total_reply), (2, 2, 1, 2))
        self.assertEqual(self.leads.mapped("priority"), ["3", "3", "0"])
        self.assertEqual(campaign.crm_lead_count, 0, "a participant was there before")
