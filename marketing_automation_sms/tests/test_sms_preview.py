import re

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import MarketingAutomationSmsCommon


@tagged("post_install", "-at_install")
class TestSmsPreview(MarketingAutomationSmsCommon):
    """The text of an SMS on its card, what is to be looked at in it, and a sample of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.template = cls._create_sms(cls.campaign, "Sale").mass_mailing_id

    def _open_sample(self):
        action = self.template.action_test()
        return Form(self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"]))

    def test_text_on_the_card(self):
        [card] = self.campaign.get_workflow_cards()["cards"]
        self.assertEqual(card["mail"]["text"], "Hello Name, see https://shop.example.com/catalogue now")
        self.assertEqual((card["mail"]["url"], card["mail"]["sender"]), (False, ""))
        self.template.body_plaintext = False
        self.assertIn("no text yet", self.template.get_marketing_preview()["text"])

    def test_links_that_are_examples(self):
        """No template brought them: somebody typed them."""
        for link in ("https://shop.example.com/catalogue", "https://www.example.com"):
            self.template.body_plaintext = f"See {link} now"
            [message] = self.campaign.get_checklist()
            [check] = message["checks"]
            self.assertEqual((check["code"], check["page"]), ("placeholder_link", "sms_body"))
            self.assertIn("only for examples", check["text"])
        self.template.body_plaintext = "See https://shop.mine.be/sale now"
        [message] = self.campaign.get_checklist()
        self.assertEqual(message["checks"], [])

    def test_sample(self):
        """As for one whom the campaign writes to, and to the user's number alone."""
        self.marketer.partner_id.phone = "+32456999999"
        for unsubscribes in (False, True):
            self.template.sms_allow_unsubscribe = unsubscribes
            form = self._open_sample()
            self.assertEqual(form.recipient, "+32456999999")
            form.resource_ref = f"res.partner,{self.contacts[1].id}"
            wizard = form.save()
            with self._at(self.start):
                wizard.action_send()
                [sms] = self._sms
            self.assertEqual(sms["number"], "+32456999999")
            self.assertIn("Hello Ben", sms["body"])
            self.assertEqual("STOP SMS" in sms["body"], unsubscribes)
        [link] = re.findall(r"STOP SMS: https?://[^/]+(/\S+)", sms["body"])
        self.assertIn("This was a sample", self.url_open(link).text)

    def test_sample_where_nobody_is_there_yet(self):
        """Placeholders read as on the card."""
        target = self.env["mailing.contact"]
        target.search([]).unlink()
        self.template = self.template.copy({"mailing_model_id": self.env["ir.model"]._get_id(target._name)})
        self.marketer.partner_id.phone = "+32456999999"
        wizard = self._open_sample().save()
        with self._at(self.start):
            wizard.action_send()
            [sms] = self._sms
        self.assertIn("Hello Name", sms["body"])

    def test_what_keeps_a_sample_from_being_sent(self):
        self.marketer.partner_id.phone = "+32456999999"
        wizard = self._open_sample().save()
        for recipient, words in (("", "phone number"), ("nobody", "not a phone number")):
            wizard.recipient = recipient
            with self.assertRaisesRegex(UserError, words), self._at(self.start):
                wizard.action_send()
        wizard.recipient = "+32456999999"
        self.gateway = {"sim_error": "credit"}
        with self.assertRaisesRegex(UserError, "could not be sent"), self._at(self.start):
            wizard.action_send()
