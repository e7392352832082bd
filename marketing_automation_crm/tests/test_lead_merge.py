from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import ENROLMENT_CRON, EXECUTION_CRON

from .common import LeadsCommon

COUNT = "record.write({'referred': (record.referred or '') + 'acted '})"


@tagged("post_install", "-at_install")
class TestLeadMerge(LeadsCommon):
    """The participant of a lead that is merged follows to the one that survives, once per campaign."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fay, cls.gus, cls.hal = cls.leads
        cls.campaign = cls._create_lead_campaign()

    def _merge(self, survivor, *others):
        """Merge leads as a salesperson does, in the wizard; an opportunity survives a lead."""
        survivor.type = "opportunity"
        leads = survivor.concat(*others)
        wizard = (
            self.env["crm.merge.opportunity"]
            .with_user(self.seller)
            .with_context(active_model="crm.lead", active_ids=leads.ids)
            .create({})
        )
        wizard.action_merge()
        self.assertEqual(leads.exists(), survivor)

    def _of_seller(self, *leads):
        """Let a salesperson who knows nothing of campaigns have leads that the campaign's user sees too."""
        self.marketer.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        for lead in leads:
            lead.user_id = self.seller

    def test_participant_follows(self):
        activity = self._create_action(self.campaign, "Act", interval_number=1, code=COUNT)
        stranger = self._create_leads("Stranger", tag_ids=False)
        self._of_seller(self.fay, stranger)
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.fay)
        self._merge(stranger, self.fay)
        self.assertEqual((participant.res_id, participant.trace_ids.res_id), (stranger.id, stranger.id))
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON, EXECUTION_CRON)
        self.assertTraces(activity, {stranger: "processed", self.gus: "processed"})
        self.assertEqual(stranger.referred, "acted ")

    def test_once_per_campaign(self):
        """Two leads are in both campaigns, the one that survives in the second: one participant each is left."""
        activity = self._create_action(self.campaign, "Act", interval_number=1, code=COUNT)
        other = self._create_lead_campaign(name="Other")
        other_activity = self._create_action(other, "Other", interval_number=1, code=COUNT)
        self._of_seller(*self.leads)
        self._start(self.campaign)
        self._start(other)
        survivor = self._create_leads("Survivor", user_id=self.seller.id)
        with self._at(self.start):
            other.action_enroll(survivor.ids)
        kept = self._participant(self.campaign, self.fay) + self._participant(other, survivor)
        gone = self._participant(self.campaign, self.gus)
        gone += self._participant(other, self.fay) + self._participant(other, self.gus)
        self._merge(survivor, self.fay, self.gus)
        self.assertEqual(gone.mapped("end_code"), ["merged"] * 3)
        self.assertEqual(set(gone.trace_ids.mapped("state")), {"canceled"})
        self.assertEqual((kept.mapped("res_id"), kept.mapped("state")), ([survivor.id] * 2, ["running"] * 2))
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON, EXECUTION_CRON)
        for step in (activity, other_activity):
            self.assertTraces(step, {survivor: "processed", self.hal: "processed"})
        self.assertEqual(survivor.referred, "acted acted ", "once for each campaign")

    def test_what_was_asked_of_a_merged_lead(self):
        self._create_action(self.campaign, "Act", interval_number=1, code=COUNT)
        survivor = self._create_leads("Survivor", tag_ids=False)
        self._of_seller(self.fay, survivor)
        self.campaign.entry_ids.unlink()
        self._start(self.campaign)
        survivor.tag_ids = self.fay.tag_ids
        self.env.flush_all()
        with self._at(self.start):
            asked = self.env["marketing.entry.request"].sudo()
            asked.request("add", self.campaign, self.fay.ids, "action")
        self._merge(survivor, self.fay)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.campaign.sudo().participant_ids.mapped("res_id"), survivor.ids)

    def test_answer_to_a_mail_from_before(self):
        """It reaches the lead that survives, and its participant."""
        email = self._create_email(self.campaign, "Welcome")
        replied = self._create_action(self.campaign, "Replied", "mail_reply", email, code=COUNT)
        survivor = self._create_leads("Survivor", tag_ids=False)
        self._of_seller(self.fay, survivor)
        self._start(self.campaign)
        mail = self._mail_to(self._run_crons(self.start), self.fay)
        sender = self.fay.email_from
        self._merge(survivor, self.fay)
        later = self.start + timedelta(hours=1)
        self._receive_answer(later, sender, self.team.alias_full_name, mail["message_id"])
        self._run_crons(later, EXECUTION_CRON)
        self.assertIn("Thank you.", survivor.message_ids[0].body)
        self.assertTraces(replied, {survivor: "processed"})
        self.assertEqual(survivor.referred, "acted ")
