from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon
from .test_events import BOUNCE, REPLY

SETTERS = ("set_sent", "set_opened", "set_clicked", "set_replied", "set_bounced", "set_failed", "set_canceled")
# Types that only Odoo's own code can make count; a caller sends what JSON has.
FORGED = {
    "marketing_automation_gateway": {"is_ignored": False},
    "marketing_automation_batch": True,
    "marketing_automation_click": {"address": "192.0.2.1"},
}


@tagged("post_install", "-at_install")
class TestEventSources(MarketingAutomationCommon):
    """Who may say what happened to a campaign's message, by the doors that are open to users."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben = cls.contacts[:2]
        cls.mailer = new_test_user(
            cls.env,
            "mailer",
            email="mailer@marketing.example.com",
            groups="base.group_user,mass_mailing.group_mass_mailing_user",
        )
        cls.admin = cls.env.ref("base.user_admin")
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.mailing = cls.email.mass_mailing_id
        cls._create_action(cls.campaign, "Replied", "mail_reply", cls.email)

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.message = self._message(self.ada)
        self.ordinary = self._send_ordinary()

    def _message(self, contact):
        return self._trace(self.email, contact).mailing_trace_ids

    def _send_ordinary(self):
        mailing = (
            self.env["mailing.mailing"]
            .with_user(self.mailer)
            .create(
                {
                    "subject": "Ordinary",
                    "body_html": "<a href='https://shop.example.com/other'>See</a>",
                    "mailing_model_id": self.model_partner.id,
                    "mailing_domain": repr([("id", "in", self.contacts.ids)]),
                }
            )
        )
        with self._at(self.start):
            mailing.action_send_mail()
        return mailing

    def _links(self, mailing=None):
        return self.env["link.tracker"].search([("mass_mailing_id", "=", (mailing or self.mailing).id)])

    def _call(self, user, model, method, *args, **kwargs):
        """Call as over RPC."""
        with self.cr.savepoint():
            result = call_kw(self.env[model].with_user(user), method, args, kwargs)
            self.env.flush_all()
        return result

    def _state(self):
        self.env.invalidate_all()
        messages = self.email.sudo().trace_ids.mailing_trace_ids
        mails = messages.mail_mail_id
        return (
            messages.read(["trace_status", "email", "res_id", "message_id", "mail_mail_id", "links_click_datetime"]),
            mails.read(["subject", "email_from", "state", "attachment_ids"]),
            self._links().read(["url", "code", "mass_mailing_id", "source_id"]),
            self.env["marketing.trace.event"].search([]).ids,
        )

    def assertRefused(self, users, *calls):
        """Try calls, ``(model, method, *args)``, as each user, whatever context they send: a sentence, no change."""
        before = self._state()
        for user in users:
            for model, method, *args in calls:
                with (
                    self.subTest(user=user.login, method=method, args=args),
                    mute_logger("odoo.addons.base.models"),
                    self.assertRaisesRegex((AccessError, UserError), r"\w+ \w+ \w+"),
                ):
                    self._call(user, model, method, *args, context=FORGED)
        self.assertEqual(self._state(), before)

    @property
    def users(self):
        return self.mailer + self.marketer + self.admin

    # ------------------------------------------------------------
    # What users may not
    # ------------------------------------------------------------

    def test_events_by_hand(self):
        domain = [("id", "=", self.message.id)]
        ordinary = self.ordinary.mailing_trace_ids.ids
        for ids, args in ((self.message.ids, []), ([], [domain]), (ordinary, [domain])):
            self.assertRefused(self.users, *(("mailing.trace", setter, ids, *args) for setter in SETTERS))

    def test_messages_by_hand(self):
        """None is made, changed or deleted, also by way of their mailing."""
        trace, mail, ordinary = self._trace(self.email, self.ada), self.message.mail_mail_id, self.ordinary
        values = {"mass_mailing_id": self.mailing.id, "model": "res.partner", "res_id": self.ben.id}
        other = ordinary.mailing_trace_ids[:1]
        self.assertRefused(
            self.users,
            ("mailing.trace", "create", {**values, "marketing_trace_id": trace.id}),
            ("mailing.trace", "create", {**values, "mail_mail_id": mail.id, "mass_mailing_id": ordinary.id}),
            ("mailing.trace", "create", values),
            ("mailing.trace", "write", self.message.ids, {"trace_status": "reply"}),
            ("mailing.trace", "write", self.message.ids, {"email": "other@example.com"}),
            ("mailing.trace", "write", self.message.ids, {"mass_mailing_id": ordinary.id}),
            ("mailing.trace", "write", (self.message + other).ids, {"trace_status": "reply"}),
            ("mailing.trace", "write", other.ids, {"marketing_trace_id": trace.id}),
            ("mailing.trace", "write", other.ids, {"mail_mail_id": mail.id}),
            ("mailing.trace", "write", other.ids, {"mass_mailing_id": self.mailing.id}),
            ("mailing.trace", "web_save", self.message.ids, {"trace_status": "reply"}, {}),
            ("mailing.trace", "copy", self.message.ids),
            ("mailing.trace", "unlink", self.message.ids),
            ("mailing.mailing", "write", self.mailing.ids, {"mailing_trace_ids": [(2, self.message.id)]}),
            ("mailing.mailing", "write", ordinary.ids, {"mailing_trace_ids": [(4, self.message.id)]}),
            ("mailing.mailing", "unlink", self.mailing.ids),
        )

    def test_a_click_by_hand(self):
        before, code = self._state(), self._links()[:1].code
        for user in self.users:
            with self.assertRaises(AccessError):
                values = {"mailing_trace_id": self.message.id, "context": FORGED}
                self._call(user, "link.tracker.click", "add_click", code, **values)
        self.assertEqual(self._state(), before)

    def test_mails_that_wait(self):
        """Whoever may write a contact may write its messages in Odoo, and a mail goes with its message."""
        self._let_marketer_edit_contacts()
        self.mailer.group_ids += self.env.ref("base.group_partner_manager")
        message = self.message.mail_mail_id.mail_message_id
        self.ada.message_post(body="Hello")
        self.assertRefused(
            self.mailer + self.marketer,
            ("mail.message", "write", message.ids, {"subject": "Changed"}),
            ("mail.message", "write", message.ids, {"email_from": "forged@example.com"}),
            ("mail.message", "write", message.ids, {"attachment_ids": [(5,)]}),
            ("mail.message", "unlink", message.ids),
            ("mail.mail", "write", self.message.mail_mail_id.ids, {"state": "cancel"}),
            ("mail.mail", "cancel", self.message.mail_mail_id.ids),
            ("mail.mail", "unlink", self.message.mail_mail_id.ids),
        )
        other = self.ada.message_ids[:1]
        self._call(self.mailer, "mail.message", "unlink", other.ids)
        self.assertFalse(other.exists(), "others as ever")

    def test_links_of_campaigns(self):
        """Where they lead is for those who may change the campaign."""
        link, ordinary = self._links()[:1], self._links(self.ordinary)[:1]
        utm = {name: link[name].id for name in ("campaign_id", "medium_id", "source_id")}
        forged = {"url": "https://evil.example.com"}
        self.assertRefused(
            self.mailer,
            ("link.tracker", "write", link.ids, forged),
            ("link.tracker", "write", link.ids, {"mass_mailing_id": self.ordinary.id}),
            ("link.tracker", "write", link.ids, {"source_id": self.ordinary.source_id.id}),
            ("link.tracker", "write", link.ids, {"code": "mine"}),
            ("link.tracker", "write", link.ids, {"link_code_ids": [(1, link.link_code_ids.id, {"code": "mine"})]}),
            ("link.tracker", "write", ordinary.ids, {"mass_mailing_id": self.mailing.id}),
            ("link.tracker", "write", ordinary.ids, utm),
            ("link.tracker", "create", {**forged, **utm}),
            ("link.tracker", "create", {**forged, "mass_mailing_id": self.mailing.id}),
            ("link.tracker", "search_or_create", [{**forged, **utm}]),
            ("link.tracker", "unlink", link.ids),
        )
        self._call(self.mailer, "link.tracker", "write", ordinary.ids, forged)
        self._call(self.marketer, "link.tracker", "write", link.ids, {"url": "https://shop.example.com/catalogue-2"})
        self.assertEqual((link.url, ordinary.url), ("https://shop.example.com/catalogue-2", forged["url"]))

    def test_link_that_was_made_before(self):
        """Odoo finds a mailing's links by their UTM values, whoever made them: it is the mailing's own then."""
        second = self._create_email(self.campaign, "Second", "activity", self.email)
        source = second.mass_mailing_id.source_id
        link = self._links()[:1]
        premade = link.copy({"source_id": source.id, "mass_mailing_id": False, "url": link.url, "label": link.label})
        self.campaign.action_update_participants()
        self._run_crons(self.start + timedelta(hours=1))
        self.assertTrue(self._trace(second, self.ada).mailing_trace_ids)
        self.assertEqual(premade.mass_mailing_id, second.mass_mailing_id)

    def test_what_is_deleted_around_them(self):
        """The list, the contact, the values of UTM: who got what stays known."""
        count = len(self.email.sudo().trace_ids.mailing_trace_ids)
        self.ben.unlink()
        self.env["mailing.list"].search([]).unlink()
        for record in (self.mailing.medium_id, self.mailing.source_id, self.mailing.campaign_id):
            with self.assertRaises(Exception), self.cr.savepoint(), mute_logger("odoo.sql_db"):  # noqa: B017
                record.unlink()
                self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.env["mailing.trace"].search_count([("marketing_trace_id", "!=", False)]), count)

    # ------------------------------------------------------------
    # What goes on
    # ------------------------------------------------------------

    def test_ordinary_mailings(self):
        """Users of Email Marketing do with theirs what Odoo lets them do."""
        messages = self.ordinary.mailing_trace_ids
        self.assertEqual(len(messages), len(self.contacts))
        for setter in SETTERS:
            self._call(self.mailer, "mailing.trace", setter, messages.ids)
        self._call(self.mailer, "mailing.trace", "set_opened", [], [("id", "in", messages.ids)])
        self._call(self.mailer, "mailing.trace", "write", messages.ids, {"trace_status": "sent"})
        self._call(self.mailer, "mailing.trace", "copy", messages[:1].ids)
        self._call(self.mailer, "mailing.trace", "unlink", messages.ids)
        self.assertFalse(messages.exists())

    def _events(self, contact):
        self.env.invalidate_all()
        return sorted(self._trace(self.email, contact).event_ids.mapped("event"))

    def test_mail_gateway_of_a_user(self):
        """A mail server hands in what it gets over RPC, as an administrator, or as a user whom the setting names."""
        settings = self.env["ir.config_parameter"].sudo()
        settings.set_param("marketing_automation.mail_gateway_logins", f"postmaster, {self.mailer.login}")
        self._hand_in_as(self.mailer)
        self.assertEqual(self._events(self.ada), ["open", "reply", "sent"])
        self.assertEqual(self._events(self.ben), ["bounce", "sent"])

    def test_mail_gateway_of_an_administrator(self):
        self._hand_in_as(self.admin)
        self.assertEqual(self._events(self.ada), ["open", "reply", "sent"])
        self.assertEqual(self._events(self.ben), ["bounce", "sent"])

    def test_a_marketer_is_no_mail_gateway(self):
        """Odoo 19.0 lets any user call message_process, and a marketer read the Message-Id of others' messages."""
        for user in (self.mailer, self.marketer):
            self._hand_in_as(user)
        self.assertEqual(self._events(self.ada), ["sent"])
        self.assertEqual(self._events(self.ben), ["sent"])

    def _hand_in_as(self, user):
        """Have a user hand in an answer of Ada and a bounce of Ben's message."""
        self._run_crons(self.start, MAIL_CRON)
        for template, contact in ((REPLY, self.ada), (BOUNCE, self.ben)):
            message_id = self._message(contact).message_id
            mail = template.format(
                sender=contact.email,
                email=contact.email,
                to=f"{self.alias_catchall}@{self.alias_domain}",
                id=contact.name,
                subject="Re: Welcome",
                headers=f"References: {message_id}",
                message_id=message_id,
            )
            with self._at(self.start):
                self._call(user, "mail.thread", "message_process", False, mail)

    def test_administrator_sends_a_mail_by_hand(self):
        with self._at(self.start):
            self._call(self.admin, "mail.mail", "send", self.message.mail_mail_id.ids)
        self.assertEqual((self._events(self.ada), self.message.trace_status), (["sent"], "sent"))

    def test_administrator_cancels_a_mail(self):
        self._call(self.admin, "mail.mail", "cancel", self.message.mail_mail_id.ids)
        self.assertEqual(self._events(self.ada), ["failed"])
        self._call(self.admin, "mail.mail", "unlink", self._message(self.ben).mail_mail_id.ids)
        self.assertEqual(self._events(self.ben), ["failed"])
