from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .test_template_texts import NoviceCase

HOSTILE = """
<div><p onclick="alert(1)">Hello <t t-out="object.name"><b>friend</b></t>, from <b t-out="object.user_id.name"/></p>
<script>alert(2)</script><iframe src="https://bad.example.com"></iframe><form action="/x"><input name="y"/></form>
<a href="javascript:alert(3)">One</a> <a href="https://shop.example.com/secret">Two</a>
<img src="https://shop.example.com/a.png" onerror="alert(4)"/><p t-if="object.env.cr">Shown</p></div>
"""


@tagged("post_install", "-at_install")
class TestMailPreview(NoviceCase, HttpCase):
    """The email as a person sees it: on the card, in the step's dialog, and as a sample in one's mailbox."""

    def setUp(self):
        super().setUp()
        self.campaign = self._create_campaign_of_novice()
        self.email, self.template = self._create_email_of_novice(self.campaign)
        self.template.write(
            {"subject": "Welcome, {{ object.name }}!", "preview": "From {{ object.user_id.name ||| us }}"}
        )

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def test_the_subject_as_a_person_reads_it(self):
        preview = call_kw(self.template.browse(), "get_marketing_preview", [self.template.ids], {})
        [card] = self.campaign.get_workflow_cards()["cards"]
        self.assertEqual(card["mail"], preview)
        self.assertEqual(preview["subject"], "Welcome, Name!")
        self.assertEqual(preview["preview"], "From Salesperson")
        self.assertEqual(preview["sender"], "Mara Marketer <mara@marketing.example.com>")
        self.assertEqual(self.template.display_name, "Welcome, Name!")
        self.template.sudo().subject = "{{ object.write_date.year }} {{ object.nothing }} {{ 1 + 1 }}"
        self.assertEqual(self.template.display_name, "… … …", "nothing is evaluated")

    def test_only_templates_of_campaigns(self):
        mailing = (
            self.env["mailing.mailing"]
            .with_user(self.novice)
            .create({"subject": "News {{ object.name }}", "mailing_model_id": self.model_partner.id})
        )
        self.assertEqual(mailing.display_name, "News {{ object.name }}", "Odoo's own stay as they are")
        with self.assertRaises(UserError):
            mailing.get_marketing_preview()
        self.authenticate("novice", "novice")
        self.assertEqual(self.url_open(f"/marketing_automation/preview/{mailing.id}").status_code, 404)

    def test_its_campaign_as_a_file(self):
        """*Export Campaigns* downloads it, for those who may read it."""
        url = self.campaign.action_export()["url"]
        self.env.flush_all()
        self.assertNotEqual(self.url_open(url, allow_redirects=False).status_code, 200)
        self.authenticate("novice", "novice")
        answer = self.url_open(url)
        self.assertEqual((answer.status_code, answer.json()["version"]), (200, 1))
        self.assertIn(".json", answer.headers["Content-Disposition"])
        for ids in ("", "x", "0", "99999999999", "2147483647", f"{self.campaign.id},2147483647", "1," * 300 + "1"):
            self.assertEqual(self.url_open(f"/marketing_automation/export?ids={ids}").status_code, 404, ids)

    # ------------------------------------------------------------
    # Its picture
    # ------------------------------------------------------------

    def test_the_picture_does_nothing(self):
        """Whatever the text holds: no script, no link, no form; and the browser is told so."""
        self.template.sudo().body_html = HOSTILE
        self.authenticate("novice", "novice")
        page = self.url_open(self.template.get_marketing_preview()["url"])
        self.assertEqual(page.status_code, 200)
        for words in ("Hello Name", "Salesperson", "One", "Two", "Shown", "https://shop.example.com/a.png"):
            self.assertIn(words, page.text)
        for words in ("alert", "t-out", "object.", "secret", "<form", "<iframe", "<script", "onclick", "friend"):
            self.assertNotIn(words, page.text)
        policy = page.headers["Content-Security-Policy"]
        self.assertIn("sandbox;", policy)
        self.assertIn("default-src 'none'", policy)

    def test_as_wide_as_the_email(self):
        """What was chosen as its Body Width; a text without layout is as narrow as mail clients show one."""
        layouts = {"o_mail_wrapper o_mail_small": 600, "o_mail_wrapper o_mail_regular": 720, "o_mail_wrapper": 720}
        for classes, width in {**layouts, "other": 600}.items():
            self.template.sudo().body_html = f'<div class="o_layout"><div class="container {classes}">Hi</div></div>'
            self.assertEqual(self.template.get_marketing_preview()["width"], width, classes)

    def test_who_sees_it(self):
        url = self.template.get_marketing_preview()["url"]
        new_test_user(self.env, login="clerk", groups="base.group_user")
        self.authenticate("clerk", "clerk")
        self.assertEqual(self.url_open(url).status_code, 404)
        with self.assertRaises(AccessError):
            self.template.with_user(self.env.ref("base.public_user")).get_marketing_preview()
        self.authenticate("novice", "novice")
        for number in (0, 2**31, 2**70):
            self.assertEqual(self.url_open(f"/marketing_automation/preview/{number}").status_code, 404)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(url).url)

    def test_an_email_without_text(self):
        self.template.body_html = False
        self.authenticate("novice", "novice")
        self.assertIn("no text yet", self.url_open(self.template.get_marketing_preview()["url"]).text)

    # ------------------------------------------------------------
    # A sample
    # ------------------------------------------------------------

    def _open_sample(self, user=None):
        action = self.template.with_user(user or self.novice).action_test()
        return Form(self.env[action["res_model"]].with_user(user or self.novice).with_context(**action["context"]))

    def _send_sample(self, form):
        with self._at(self.start):
            action = form.save().action_send()
            self.assertTrue(action["params"]["sticky"], "until it is read")
            return action["params"]["message"], list(self._mails)

    def test_sample_of_whom_the_campaign_writes_to(self):
        """It reads as for one who matches the filter, and goes to its user alone."""
        form = self._open_sample()
        self.assertEqual(form.resource_ref, f"res.partner,{self.ada.id}")
        self.assertEqual(form.subject, "Welcome, Ada!")
        message, [mail] = self._send_sample(form)
        self.assertIn("nora@marketing.example.com", message)
        self.assertEqual(mail["email_to"], ["nora@marketing.example.com"])
        self.assertEqual(mail["subject"], "[Sample] Welcome, Ada!")
        self.assertIn("Hello Ada", mail["body"])
        self.assertIn("From Mara Marketer", mail["body"])
        self.assertFalse(self.email.trace_ids, "nothing is counted")

    def test_sample_of_another_record(self):
        form = self._open_sample()
        form.resource_ref = self.contacts[1]
        self.assertEqual(form.subject, "Welcome, Ben!")
        form.recipient = "one@marketing.example.com, Two <two@marketing.example.com>"
        _message, mails = self._send_sample(form)
        self.assertEqual(
            [mail["email_to"] for mail in mails], [["one@marketing.example.com"], ["two@marketing.example.com"]]
        )
        self.assertIn("Hello Ben", mails[0]["body"])

    def test_sample_where_nobody_matches(self):
        self.campaign.domain = repr([("id", "=", 0)])
        self.assertTrue(self._open_sample().resource_ref, "any record of the target")

    def test_sample_where_nobody_is_there_yet(self):
        """Placeholders read as on the card; the links stay."""
        target = self.env["mailing.contact"]
        target.search([]).unlink()
        body = '<p>Hello <t t-out="object.name"/>, <a href="https://shop.example.com">see</a></p>'
        values = {"subject": self.template.subject, "mailing_model_id": self.env["ir.model"]._get_id(target._name)}
        self.template = self.template.copy({**values, "body_arch": body, "body_html": body})
        _message, [mail] = self._send_sample(self._open_sample())
        self.assertEqual(mail["subject"], "[Sample] Welcome, Name!")
        self.assertIn('Hello Name, <a href="https://shop.example.com"', mail["body"])
        self.assertNotIn("t-out", mail["body"])

    def test_what_keeps_a_sample_from_being_sent(self):
        form = self._open_sample()
        form.recipient = "nobody"
        with self.assertRaisesRegex(UserError, "email address"):
            form.save().action_send()
        wizard = self._open_sample().save()
        with self.assertRaises(UserError):
            wizard.resource_ref = f"res.users,{self.novice.id}"
        with self.assertRaises(AccessError):
            wizard.with_user(self.marketer).action_send()
        mailing = (
            self.env["mailing.mailing"]
            .with_user(self.novice)
            .create({"subject": "News", "mailing_model_id": self.model_partner.id})
        )
        self.assertEqual(mailing.action_test()["res_model"], "mailing.mailing.test", "Odoo's own dialog")
        wizard.mailing_id = mailing
        with self.assertRaisesRegex(UserError, "no template"):
            wizard.action_send()

    # ------------------------------------------------------------
    # In the browser
    # ------------------------------------------------------------

    def test_in_the_browser(self):
        """One click on the card opens the editor over the whole window; the dialog shows the email, and sends it."""
        with self.mock_mail_gateway():
            url = f"/odoo/marketing-automation/{self.campaign.id}"
            self.start_tour(url, "marketing_automation_mail", login="novice", timeout=120)
            mails = list(self._mails)
        self.assertEqual([mail["subject"] for mail in mails], ["[Sample] Good morning, Ada!"])
        self.assertEqual(self.template.subject, "Good morning, {{ object.name }}!")
