from datetime import timedelta
from unittest.mock import patch

from odoo import api
from odoo.sql_db import db_connect
from odoo.tests import Form, tagged
from odoo.tests.common import get_db_name
from odoo.tools import config

from odoo.addons.marketing_automation.models.mail_queue.claims import LOCK as CLAIM

from .common import EXECUTION_CRON, MAIL_CRON, SENDING_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestSendingLanes(MarketingAutomationCommon):
    """Lanes send the emails of campaigns, beside Odoo's queue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.lane = cls.env.ref(SENDING_CRON)
        cls.queue = cls.env.ref(MAIL_CRON)

    def _prepare(self):
        """:return: the emails of the campaign, and an ordinary one"""
        self._start(self.campaign)
        self.woken = set()  # of the scheduled actions, by their ids
        wake = patch.object(
            self.env.registry["ir.cron"], "_trigger_after_commit", lambda crons: self.woken.update(crons.ids)
        )
        with wake:
            self._run_crons(self.start, EXECUTION_CRON)
        mails = self.env["mail.mail"].search([("marketing_trace_id.activity_id", "=", self.email.id)], order="id")
        self.assertEqual(len(mails), 5)
        other = {"email_to": "zoe@example.com", "subject": "Reset", "body_html": "<p>Reset</p>", "auto_delete": True}
        return mails, self.env["mail.mail"].create(other)

    def _run(self, cron):
        """Run a scheduled action on a cursor that may be committed, as it comes."""
        with (
            self.mock_datetime_and_now(self.start),
            self.mock_mail_gateway(mail_unlink_sent=True),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
            patch("odoo.modules.module.current_test", False),  # or nothing is committed
        ):
            mails = api.Environment(cr, api.SUPERUSER_ID, {"cron_id": cron.id})["mail.mail"]
            mails.process_email_queue() if cron == self.queue else mails._cron_send_emails()
        self.env.invalidate_all()

    def _set_lanes(self, number):
        with Form(self.env["res.config.settings"]) as settings:
            settings.marketing_automation_sending_lanes = number
            settings.save().execute()

    def test_each_queue_has_its_own_mails(self):
        mails, other = self._prepare()
        self.assertIn(self.lane.id, self.woken)
        self.assertNotIn(self.queue.id, self.woken)
        self._run(self.queue)
        self.assertEqual((mails.mapped("state"), other.exists()), (["outgoing"] * 5, other.browse()))
        other = other.create({"email_to": "zoe@example.com", "subject": "Reset", "body_html": "<p>Reset</p>"})
        self._run(self.lane)
        self.assertEqual((mails.exists(), other.state), (mails.browse(), "outgoing"))
        self.assertEqual(set(self.email.sudo().trace_ids.mailing_trace_ids.mapped("trace_status")), {"sent"})

    def test_lanes_that_are_disabled(self):
        """No email is lost: Odoo's queue sends them, as it did before there were lanes."""
        self._set_lanes(2)
        self.env["marketing.campaign"]._get_lanes(SENDING_CRON).active = False
        mails, other = self._prepare()
        self.assertIn(self.queue.id, self.woken)
        self._run(self.queue)
        self.assertFalse((mails + other).exists())

    def test_what_another_lane_has_in_hand(self):
        """It is left to that lane, and goes by this one once that has died."""
        mails, _other = self._prepare()
        with db_connect(get_db_name()).cursor() as another:
            another.execute("SELECT pg_advisory_lock(%s, %s)", [CLAIM, mails[1].id])
            self._run(self.lane)
            self.assertEqual(mails.exists(), mails[1])
            another.execute("SELECT pg_advisory_unlock_all()")
        self._run(self.lane)
        self.assertFalse(mails.exists())
        self.env.cr.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [CLAIM])
        self.assertEqual(self.env.cr.fetchall(), [(0,)], "nothing is in hand afterwards")

    def test_all_lanes_are_woken(self):
        self._set_lanes(3)
        self._prepare()
        lanes = self.env["ir.cron"].search([("code", "=", self.lane.code)])
        self.assertEqual(len(lanes), 3)
        self.assertLessEqual(set(lanes.ids), self.woken)
        self.assertEqual(set(lanes.mapped("priority")), {7}, "ordinary mail comes first")
        self._set_lanes(1)
        self.assertEqual(lanes.mapped("active"), [True, False, False])

    def test_what_a_personal_mail_server_sends_later(self):
        """Odoo lets it send so many a minute; what is left over wakes the lane."""
        mails, _other = self._prepare()
        values = {"name": "Own", "smtp_host": "127.0.0.1", "owner_user_id": self.env.user.id, "owner_limit_count": 0}
        server = self.env["ir.mail_server"].create({**values, "from_filter": self.env.user.email})
        with self._at(self.start), patch.object(type(server), "_get_personal_mail_servers_limit", lambda _self: 2):
            now = mails._split_by_delayed_batch(server)
        self.assertEqual(len(now), 2)
        woken = self.env["ir.cron.trigger"].search([("cron_id", "=", self.lane.id), ("call_at", ">", self.start)])
        due = min((mails - now).mapped("scheduled_date"))
        self.assertEqual(min(woken.mapped("call_at")), due + timedelta(seconds=59))

    def test_too_many_for_this_server(self):
        self.patch(config, "options", {**config.options, "max_cron_threads": 4})
        settings = self.env["res.config.settings"].new({"marketing_automation_lanes": 2})
        settings.marketing_automation_sending_lanes = 2
        self.assertFalse(settings.marketing_automation_lane_warning)
        settings.marketing_automation_sending_lanes = 3
        self.assertIn("max_cron_threads", settings.marketing_automation_lane_warning)
