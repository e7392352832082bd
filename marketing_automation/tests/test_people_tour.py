from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..models.timeline import marketing_participant
from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestPeopleTour(MarketingAutomationCommon, HttpCase):
    """The screens that show people: the page of a test, a participant, a selection of contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start = fields.Datetime.now() - timedelta(hours=1)
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls.welcome = cls._create_email(cls.campaign, "Welcome")
        cls.thanks = cls._create_action(
            cls.campaign, "Thanks", "mail_click", cls.welcome, code="raise UserError('No paper')"
        )
        cls.reminder = cls._create_email(
            cls.campaign, "Reminder", "mail_not_open", cls.welcome, interval_number=3, interval_type="days"
        )

    def test_test_page(self):
        self.campaign.domain = repr([("id", "=", self.ada.id)])
        with self.mock_mail_gateway():
            self.start_tour(
                f"/odoo/marketing-automation/{self.campaign.id}", "marketing_automation_test_page", login="marketer"
            )
        first, second = self.campaign.participant_ids.sorted("id")
        self.assertEqual(
            (first.trace_ids.mapped("state"), first.state), (["canceled", "error", "processed"], "completed")
        )
        self.assertEqual((second.trace_ids.state, second.end_code), ("canceled", "test_stopped"))
        self.assertEqual(self.campaign.total_participant_count, 0)

    def test_participant(self):
        self.patch(marketing_participant, "LATEST", 2)  # in place of hundreds, as who comes round by Go to has
        note = self._create_action(self.campaign, "Note")
        self.env.cr.execute("SELECT nextval('marketing_trace_id_seq')")
        [first] = self.env.cr.fetchone()
        self._start(self.campaign)
        self._run_crons(self.start)
        moved = "UPDATE marketing_trace SET id = %s WHERE activity_id = %s AND res_id = %s"
        self.env.cr.execute(moved, [first, note.id, self.ada.id])
        self.env.invalidate_all()
        self.start_tour(f"/odoo/res.partner/{self.ada.id}", "marketing_automation_participant", login="marketer")
        self.assertEqual(self._participant(self.campaign, self.ada).end_code, "removed_by_hand")

    def test_add_to_campaign(self):
        self._start(self.campaign)
        yan = self.env["res.partner"].create({"name": "Yan", "category_id": [(4, self.category.id)]})
        zoe = self.env["res.partner"].create({"name": "Zoe"})
        self.start_tour("/odoo/action-contacts.action_contacts", "marketing_automation_enroll", login="marketer")
        self.assertEqual(self._participant(self.campaign, yan).source, "hand")
        self.assertFalse(self._participant(self.campaign, zoe))
