from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MAIL_CRON

from .common import LeadsCommon


@tagged("post_install", "-at_install")
class TestLeadSteps(LeadsCommon):
    """Plain steps on leads, by a salesperson who sees no colleague's."""

    def _live(self, activity_type, **values):
        campaign = self._create_lead_campaign()
        step = self._create_activity(campaign, "Step", activity_type, "begin", None, **values)
        self._start(campaign)
        mails = self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON)
        self.assertTraces(step, dict.fromkeys(self.leads, "processed"))
        return mails

    def test_handed_over_in_turn(self):
        """Who gets a lead is told by Odoo, as ever; nobody gets a mail for each of many."""
        people = (self.seller | self.marketer).ids
        mails = self._live("assign", person_ids=people, assign_replace=True)
        first, second = sorted(people)
        self.assertEqual([lead.user_id.id for lead in self.leads], [first, second, first])
        self.assertEqual(len(mails), sum(lead.user_id == self.seller for lead in self.leads))
        self.leads.with_context(mail_auto_subscribe_no_notify=True).user_id = self.marketer
        self._create_leads(*(f"L{number}" for number in range(6)))
        self.leads = self.env["crm.lead"].search([("tag_ids", "in", self.tag.ids)], order="id")
        self.assertEqual(self._live("assign", person_ids=self.seller.ids, assign_replace=True), [])
        self.assertEqual(self.leads.user_id, self.seller)

    def test_fields(self):
        warm = self.env["crm.tag"].create({"name": "Warm"})
        self._live("update", update_field="priority", update_operation="set", update_value="2")
        self._live("update", update_field="tag_ids", update_operation="add", update_value=warm.ids)
        self._live("update", update_field="expected_revenue", update_operation="increase", update_value=100.5)
        self._live("update", update_field="date_deadline", update_operation="now")
        for lead in self.leads:
            self.assertEqual((lead.priority, lead.expected_revenue), ("2", 100.5))
            self.assertEqual((lead.tag_ids, lead.date_deadline), (self.tag | warm, self.start.date()))

    def test_list_task_and_message(self):
        news = self.env["mailing.list"].create({"name": "News"})
        self._live("list", mailing_list_id=news.id)
        self.assertEqual(set(news.contact_ids.mapped("email")), set(self.leads.mapped("email_from")))
        call = self.env.ref("mail.mail_activity_data_call")
        self._live("task", task_type_id=call.id, whom="record")
        self.assertEqual(self.leads.activity_ids.user_id, self.marketer)
        [mail] = self._live("notify", notify_text="Hot", whom="record")
        self.assertIn("Fay", mail["body"])
