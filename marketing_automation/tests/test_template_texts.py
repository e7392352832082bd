import itertools

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import MarketingAutomationCommon

# What Odoo's editor writes onto a placeholder, and what turns the styles of its page into those of a mail
EDITOR = 'data-oe-t-inline="true" data-oe-protected="true" contenteditable="false" class="o_default"'
INLINER = "border-radius: 0px; border-style: none; padding: 0px; border-color: #000000; box-sizing: border-box;"


class NoviceCase(MarketingAutomationCommon):
    """As a user whom an administrator gave this app's group, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.novice = new_test_user(
            cls.env,
            login="novice",
            name="Nora Novice",
            email="nora@marketing.example.com",
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )
        cls.ada = cls.contacts[0]
        cls.ada.user_id = cls.marketer
        cls.marketer.signature = "<p>Mara, at your service</p>"

    def _create_campaign_of_novice(self):
        campaigns = self.env["marketing.campaign"].with_user(self.novice)
        domain = repr([("id", "=", self.ada.id)])
        return campaigns.create({"name": "Mine", "model_id": self.model_partner.id, "domain": domain})

    def _create_email_of_novice(self, campaign):
        email = self._create_email(campaign, "Welcome").with_user(self.novice)
        return email, email.mass_mailing_id


@tagged("post_install", "-at_install")
class TestTemplateTexts(NoviceCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.campaign = self._create_campaign_of_novice()
        _email, self.template = self._create_email_of_novice(self.campaign)

    def _send(self):
        self._start(self.campaign)
        return self._mail_to(self._run_crons(self.start), self.ada)["body"]

    def test_all_that_the_menu_offers_is_saved_and_sent(self):
        """Each placeholder that everybody may use, as the editor leaves it, bare and with a default text."""
        ben = self.contacts[1]  # whose salesperson is nobody
        self.campaign.domain = repr([("id", "in", (self.ada | ben).ids)])
        model = self.env["res.partner"]
        offered = [name for name in model.mail_allowed_qweb_expressions() if name.split(".")[1] in model._fields]
        self.assertEqual(offered[:2], ["object.name", "object.user_id"])
        written = "".join(
            f'<p>{number}: <t t-out="{expression}" style="{INLINER}" {EDITOR}>{default}</t>.</p>'
            for number, (expression, default) in enumerate(itertools.product(offered, ("", "a friend")))
        )
        [saved] = self.template.web_save({"body_arch": written, "body_html": written}, {"body_html": {}})
        self.assertNotIn("style", saved["body_html"])
        self._start(self.campaign)
        mails = self._run_crons(self.start)
        bodies = {record: self._mail_to(mails, record)["body"] for record in (self.ada, ben)}
        for text in ("0: Ada.", "1: Ada.", "2: Mara Marketer.", "3: Mara Marketer.", "Mara, at your service"):
            self.assertIn(text, bodies[self.ada])
        for text in ("1: Ben.", "2: .", "3: a friend."):
            self.assertIn(text, bodies[ben])
        for body in bodies.values():
            self.assertNotIn("res.users(", body, "a record is read by its name")
            self.assertNotIn("t-out", body)

    def test_what_was_written_bold_arrives_bold(self):
        """The editor writes it onto the placeholder, which is not in the mail."""
        style = f"{INLINER} font-weight: bolder; color: rgb(255, 0, 0);"
        self.template.body_html = f'<p>Hello <t t-out="object.name" style="{style}" {EDITOR}></t>, there</p>'
        body = self._send()
        self.assertRegex(
            body, r'Hello <span style="font-weight: ?bolder; ?color: ?rgb\(255, 0, 0\);?">Ada</span>, there'
        )

    def test_a_tag_that_is_a_placeholder(self):
        self.template.body_html = '<p>Dear <b class="x" style="margin: 0" t-out=" object.name ">friend</b>!</p>'
        self.assertRegex(self._send(), r"Dear <b[^>]*>Ada</b>!")

    def test_a_record_in_the_title_is_read_by_its_name(self):
        self.template.write({"subject": "From {{ object.user_id ||| us }}", "preview": "{{object.user_id}} writes"})
        self.assertEqual(self.template.subject, "From {{ object.user_id.name ||| us }}")
        self.assertIn(f"{self.marketer.name} writes", self._send())

    def test_what_is_refused_is_named(self):
        """Before saving, and by the error, which saves nothing."""
        refused = {
            "object.email": {"body_html": '<p><t t-out="object.email"></t></p>'},
            "object.phone": {"subject": "Call {{ object.phone }}"},
            "object.city": {"body_arch": "<p>{{ object.city }}</p>", "body_html": "<p>City</p>"},
            't-att-title="1"': {"body_html": '<p t-att-title="1">Hello</p>'},
            "a block that only some receive": {"body_html": '<p t-if="object.filtered_domain([])">Hello</p>'},
            "a formatted default text of “object.name”": {
                "body_html": '<p><t t-out="object.name"><b>there</b></t></p>'
            },
        }
        before = self.template.body_html
        for words, values in refused.items():
            with self.subTest(words):
                typed = self.template.new(values, origin=self.template)
                self.assertIn(f"“{words}”", typed.marketing_text_problem)
                with self.assertRaises(AccessError) as error, self.cr.savepoint():
                    self.template.write(values)
                self.assertIn(f"“{words}”", str(error.exception))
                self.assertIn("“object.name”", str(error.exception), "what may be used instead")
        self.template.invalidate_recordset()
        self.assertEqual(self.template.body_html, before)
        self.assertFalse(self.template.marketing_text_problem)

    def test_a_template_editor_may_write_more(self):
        """Nothing that has an effect is taken out of what they write."""
        self.novice.group_ids += self.env.ref("mail.group_mail_template_editor")
        self.template.body_html = (
            '<p><t t-out="object.email" t-if="object.email" style="color: red;"><i>none</i></t>'
            '<i t-out="object.phone or 1" title="x"></i></p>'
        )
        self.assertFalse(self.template.marketing_text_problem)
        self.assertIn('t-if="object.email"', self.template.body_html)
        self.assertIn("<i>none</i>", self.template.body_html)
        body = self._send()
        self.assertRegex(body, r'<span style="color: ?red;?">ada@people.example.com</span>')
        self.assertRegex(body, r'<i title="x">1</i>')

    def test_other_mailings_are_odoos(self):
        """What the app does with placeholders concerns its own templates alone."""
        values = {"subject": "News", "mailing_model_id": self.model_partner.id}
        mailing = self.env["mailing.mailing"].with_user(self.novice).create(values)
        with self.assertRaisesRegex(AccessError, "sensible placeholders"):
            mailing.body_html = '<p><t t-out="object.name" style="color: red;"></t></p>'
        self.assertFalse(mailing.marketing_text_problem)

    def test_in_the_editor(self):
        """Each way to leave what one writes: another page, Save, Escape, Discard; then it is what is sent."""
        self.env["mailing.mailing"].search([]).write({"active": False})
        self.start_tour("/odoo", "marketing_automation_template", login="novice", timeout=180)
        campaign = self.env["marketing.campaign"].search([("create_uid", "=", self.novice.id)], limit=1)
        template = campaign.marketing_activity_ids.mass_mailing_id
        self.assertIn("Dear", template.body_html)
        self.campaign = campaign
        campaign.domain = repr([("id", "=", self.ada.id)])
        self.assertRegex(self._send(), r"Dear[\s\xa0]|Dear&nbsp;")
