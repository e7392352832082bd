"""Helpers for tests of campaigns, for this addon and for those that extend it."""

import re
from contextlib import contextmanager, nullcontext
from datetime import datetime
from email.message import EmailMessage
from urllib.parse import urlsplit
from uuid import uuid4

from odoo import Command, api
from odoo.tests import HttpCase, new_test_user
from odoo.tests.common import Opener

from odoo.addons.mass_mailing.tests.common import MassMailCommon

from .accounts import CONTACTS, EDITOR, USER, watch_accounts
from .counters import counter_differences

BODY = """
<div>
    <p>Hello <t t-out="object.name"/>,</p>
    <p><a href="https://shop.example.com/catalogue">The catalogue</a></p>
    <p><a href="/unsubscribe_from_list">Unsubscribe</a></p>
</div>
"""
# as which the tests open links, who are people
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EXECUTION_CRON = "marketing_automation.ir_cron_campaign_execute_activities"
ENROLMENT_CRON = "marketing_automation.ir_cron_campaign_sync_participants"
MAIL_CRON = "mail.ir_cron_mail_scheduler_action"
SENDING_CRON = "marketing_automation.ir_cron_send_emails"


class MarketingAutomationCommon(MassMailCommon):
    """Campaigns on contacts, run by the real crons at moments that the test names."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        watch_accounts(cls)
        make_opener = Opener.__init__

        def make_browser(opener, http_case):
            make_opener(opener, http_case)
            opener.headers["User-Agent"] = BROWSER

        cls.classPatch(Opener, "__init__", make_browser)
        # As Odoo comes: users are no template editors. Odoo's own tests begin with the contrary.
        cls.env["ir.config_parameter"].set_param("mail.restrict.template.rendering", True)
        # time stands still: mails are sent, opened and clicked at one moment, and nobody waits to see who it was
        cls.env["ir.config_parameter"].set_param("marketing_automation.machine_doubt", 0)
        cls.marketer = new_test_user(
            cls.env,
            login="marketer",
            name="Mara Marketer",
            email="mara@marketing.example.com",
            groups=USER,
        )
        cls.category = cls.env["res.partner.category"].create({"name": "Prospect"})
        cls.contacts = cls.env["res.partner"].create(
            [
                {"name": name, "email": f"{name.lower()}@people.example.com", "category_id": [(4, cls.category.id)]}
                for name in ("Ada", "Ben", "Cleo", "Dan", "Eve")
            ]
        )
        cls.model_partner = cls.env["ir.model"]._get("res.partner")
        cls.start = datetime(2026, 6, 1, 8, 0, 0)

    @classmethod
    def _activate_multi_company(cls):
        """Make no other companies: Odoo takes a second for them in each class, and no test of campaigns uses them."""
        cls._mc_enabled = False

    def tearDown(self):
        """Whatever a test did: the numbers on screens are those of what is there."""
        self.assertEqual(counter_differences(self.env), [])
        super().tearDown()

    # ------------------------------------------------------------
    # Making
    # ------------------------------------------------------------

    @classmethod
    def _create_campaign(cls, **values):
        """Create a draft campaign of the marketer, on the contacts."""
        return (
            cls.env["marketing.campaign"]
            .with_user(cls.marketer)
            .create(
                {
                    "name": "Prospection",
                    "model_id": cls.model_partner.id,
                    "domain": repr([("category_id", "in", cls.category.ids)]),
                    **values,
                }
            )
        )

    @classmethod
    def _make_template_editor(cls):
        """Let the marketer use any placeholder, which Odoo allows few users."""
        cls.marketer.group_ids += cls.env.ref(EDITOR)

    @classmethod
    def _let_marketer_edit_contacts(cls):
        """Let the marketer change contacts, which Odoo asks of who runs an action that does so in their name."""
        cls.marketer.group_ids += cls.env.ref(CONTACTS)

    @classmethod
    def _create_template(cls, title, body=BODY, **values):
        return (
            cls.env["mailing.mailing"]
            .with_user(cls.marketer)
            .create(
                {
                    "subject": title,
                    "body_html": body,
                    "mailing_model_id": cls.model_partner.id,
                    "use_in_marketing_automation": True,
                    **values,
                }
            )
        )

    @classmethod
    def _create_server_action(cls, **values):
        """Create one as an administrator does for marketers, who may not change contacts themselves."""
        return cls.env["ir.actions.server"].create(
            {
                "name": "Note",
                "model_id": cls.model_partner.id,
                "usage": "marketing_automation",
                "state": "code",
                "code": "record.sudo().write({'ref': (record.ref or '') + 'acted '})",
                "group_ids": [Command.set(cls.env.ref(USER).ids)],
                **values,
            }
        )

    @classmethod
    def _create_email(cls, campaign, name, trigger_type="begin", parent=None, **values):
        """Add an email activity with a template of its own."""
        return cls._create_activity(
            campaign,
            name,
            "email",
            trigger_type,
            parent,
            mass_mailing_id=cls._create_template(name, mailing_model_id=campaign.model_id.id).id,
            **values,
        )

    @classmethod
    def _create_action(cls, campaign, name, trigger_type="begin", parent=None, code=None, **values):
        """Add a server action activity; by default it adds "acted" to the contact's reference."""
        action = cls._create_server_action(name=name, model_id=campaign.model_id.id, **({"code": code} if code else {}))
        return cls._create_activity(
            campaign, name, "action", trigger_type, parent, server_action_id=action.id, **values
        )

    @classmethod
    def _create_activity(cls, campaign, name, activity_type, trigger_type, parent, **values):
        return (
            cls.env["marketing.activity"]
            .with_user(cls.marketer)
            .create(
                {
                    "name": name,
                    "campaign_id": campaign.id,
                    "activity_type": activity_type,
                    "trigger_type": trigger_type,
                    "parent_id": parent.id if parent else False,
                    **values,
                }
            )
        )

    # ------------------------------------------------------------
    # Running
    # ------------------------------------------------------------

    @contextmanager
    def _at(self, moment):
        """Work at a moment, with the mail gateway's last wire mocked."""
        with self.mock_datetime_and_now(moment), self.mock_mail_gateway():
            yield

    def _in_test_mode(self):
        """Let other cursors, which commit, work on this test's own; HttpCase always does."""
        return nullcontext() if isinstance(self, HttpCase) else self.enter_registry_test_mode()

    def _start(self, campaign, moment=None):
        with self._at(moment or self.start):
            campaign.action_start_campaign()

    def _run_crons(self, moment, *xmlids):
        """Run crons as Odoo's workers do, at a moment; by default all that a campaign needs.

        :return: the emails that left, as the gateway's mock keeps them
        """
        with self._at(moment), self._in_test_mode():
            queues = {MAIL_CRON: (MAIL_CRON, SENDING_CRON)}  # other mails, and those of campaigns
            xmlids = xmlids or (EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)
            for xmlid in [one for name in xmlids for one in queues.get(name, [name])]:
                result = self.env.ref(xmlid).with_user(self.env.ref("base.user_root")).method_direct_trigger()
                self.assertIs(result, True, f"{xmlid} failed: {result}")
            mails = list(self._mails)
        self.env.invalidate_all()
        return mails

    def _receive_answer(self, moment, sender, to, message_id, **headers):
        """Hand a raw answer to Odoo's gateway, as fetchmail or a mail server would.

        :param datetime moment: UTC
        :param str sender: address
        :param str to: address
        :param str message_id: of the message that is answered
        :param headers: further ones, with _ for -
        """
        answer = EmailMessage()
        answer["From"], answer["To"], answer["Subject"] = sender, to, "Re: Welcome"
        answer["Message-ID"] = f"<{uuid4()}@people.example.com>"
        answer["References"] = answer["In-Reply-To"] = message_id
        for name, value in headers.items():
            answer[name.replace("_", "-")] = value
        answer.set_content("Thank you.")
        with self._at(moment):
            self.env["mail.thread"].message_process(False, answer.as_bytes())
        self.env.invalidate_all()

    def _execute(self, campaign, moment):
        """Execute a campaign at a moment, through its public method, on a cursor of its own."""
        with self._at(moment), self._in_test_mode(), self.env.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            env["marketing.campaign"].browse(campaign.ids).execute_activities(now=moment)
        self.env.invalidate_all()

    # ------------------------------------------------------------
    # Looking
    # ------------------------------------------------------------

    def _participant(self, campaign, record):
        return campaign.sudo().participant_ids.filtered(lambda p: p.res_id == record.id and not p.is_test)

    def _trace(self, activity, record):
        return activity.sudo().trace_ids.filtered(lambda t: t.res_id == record.id and not t.is_test)

    def assertTraces(self, activity, expected):
        """Compare the states of an activity's traces: ``{record: state or None}``."""
        found = {record: self._trace(activity, record).state or None for record in expected}
        self.assertEqual(found, expected, f"traces of “{activity.name}”")

    def _mail_to(self, mails, record):
        """Return the one mail to a record."""
        email = record[getattr(record, "_primary_email", None) or "email"]
        to_record = [mail for mail in mails if email in str(mail["email_to"])]
        self.assertEqual(len(to_record), 1, f"mails to {email}: {to_record}")
        return to_record[0]

    def _links(self, mail):
        """Return the path and query of the tracked links and of the open pixel of a mail."""
        urls = re.findall(r'(?:href|src)="([^"]+)"', mail["body"])
        local = [f"{urlsplit(url).path}?{urlsplit(url).query}" for url in urls]
        tracked = [url for url in local if url.startswith("/r/")]
        pixels = [url for url in local if url.startswith("/mail/track/")]
        self.assertEqual((len(tracked), len(pixels)), (1, 1), mail["body"])
        return tracked[0], pixels[0]
