from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import Form, tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestOwnTest(MarketingAutomationCommon):
    """Launch a Test proposes the user, and asks before it reaches somebody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls._create_email(cls.campaign, "Welcome")
        cls.subscribers = cls._create_campaign(
            name="Subscribers", model_id=cls.env["ir.model"]._get("mailing.contact").id, domain="[]"
        )
        cls._create_email(cls.subscribers, "Hello")

    def _wizard(self, campaign, **values):
        wizards = self.env["marketing.campaign.test"].with_user(self.marketer)
        [wizard_id] = call_kw(wizards, "create", [[{"campaign_id": campaign.id, **values}]], {})
        return wizards.browse(wizard_id)

    def _call(self, wizard, method):
        return call_kw(wizard.browse(), method, [wizard.ids], {})

    def test_it_proposes_the_user(self):
        wizard = self._wizard(self.campaign)
        self.assertEqual(wizard.res_id, self.marketer.partner_id.id)
        action = self._call(wizard, "action_launch_test")
        self.assertEqual(action["res_model"], "marketing.participant", "without a question")

    def test_nobody_else_is_proposed(self):
        """Contacts there are, none of them the user's; one with several addresses is not the user's alone."""
        values = {"name": "Shared", "email": f"{self.marketer.email}, anna@customer.example.com"}
        self.env["mailing.contact"].create([values, {"name": "Anna", "email": "anna@customer.example.com"}])
        wizard = self._wizard(self.subscribers)
        self.assertFalse(wizard.res_id)
        with self.assertRaisesRegex(UserError, "Choose the record"):
            self._call(wizard, "action_launch_test")

    def test_create_me(self):
        wizard = self._wizard(self.subscribers)
        self.assertTrue(wizard.can_create_me)
        self._call(wizard, "action_create_me")
        made = self.env["mailing.contact"].browse(wizard.res_id)
        self.assertEqual((made.name, made.email), (self.marketer.name, self.marketer.email))
        self.assertEqual(self._wizard(self.subscribers).res_id, made.id, "the next time it is found")
        self.assertEqual(self._call(wizard, "action_launch_test")["res_model"], "marketing.participant")

    def test_create_me_in_the_form(self):
        """Its button saves the dialog first, in which no record is chosen yet."""
        wizards = self.env["marketing.campaign.test"].with_user(self.marketer)
        wizard = Form(wizards.with_context(default_campaign_id=self.subscribers.id)).save()
        self._call(wizard, "action_create_me")
        self.assertEqual(self.env["mailing.contact"].browse(wizard.res_id).email, self.marketer.email)

    def test_a_sample_from_the_dialog_of_an_activity(self):
        """An activity opens its template in a form of ours, which the dialog for samples does not hand on."""
        mailing = self.subscribers.marketing_activity_ids.mass_mailing_id
        action = mailing.with_context(form_view_ref="marketing_automation.template").action_test()
        self.assertEqual(action["res_model"], "marketing.sample")
        self.assertFalse(action["context"].get("form_view_ref"))

    def test_records_that_need_more(self):
        """A registration needs its event: it is left to the user, who is told."""
        self.marketer.group_ids += self.env.ref("event.group_event_user")
        model = self.env["ir.model"]._get("event.registration")
        campaign = self._create_campaign(name="Visitors", model_id=model.id, domain="[]")
        wizard = self._wizard(campaign)
        self.assertEqual((wizard.res_id, wizard.can_create_me), (0, False))
        self.assertIn(self.marketer.email, wizard.create_me_text)
        with self.assertRaisesRegex(UserError, "make one yourself"):
            self._call(wizard, "action_create_me")

    def test_somebody_else_asks_once(self):
        wizard = self._wizard(self.campaign, res_id=self.ada.id)
        action = self._call(wizard, "action_launch_test")
        self.assertEqual((action["res_model"], action["res_id"]), (wizard._name, wizard.id))
        self.assertTrue(wizard.is_asked)
        self.assertEqual(wizard.question, "The messages of this test really go to ada@people.example.com.")
        self.assertFalse(self.campaign.sudo().participant_ids)
        action = self._call(wizard, "action_confirm_test")
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        self.assertEqual((test.is_test, test.res_id), (True, self.ada.id))
        again = call_kw(test.browse(), "action_test_again", [test.ids], {})
        self.assertEqual(again["res_model"], "marketing.participant", "once is enough")

    def test_over_rpc_it_is_said_at_once(self):
        wizard = self._wizard(self.campaign, res_id=self.ada.id, confirmed=True)
        self.assertEqual(self._call(wizard, "action_launch_test")["res_model"], "marketing.participant")
