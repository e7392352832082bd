from datetime import timedelta
from threading import Thread
from types import SimpleNamespace
from unittest.mock import DEFAULT, patch

from odoo import api
from odoo.exceptions import ValidationError
from odoo.sql_db import db_connect
from odoo.tests import Form, tagged
from odoo.tests.common import get_db_name
from odoo.tools import config

from odoo.addons.marketing_automation.engine.context import queue_rounds
from odoo.addons.marketing_automation.models.mail_queue.claims import LOCK as CLAIM
from odoo.addons.marketing_automation.models.mail_queue.connections import LOCK as SLOT
from odoo.addons.marketing_automation.models.mail_queue.connections import MANY
from odoo.addons.marketing_automation.models.mail_queue.sending_lanes import BATCH_KEY

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

    def _run(self, cron, connect=None, send_email=None):
        """Run a scheduled action on a cursor that may be committed, as it comes.

        :param connect: what takes the place of connecting, and send_email that of the mail server
        """
        with (
            self.mock_datetime_and_now(self.start),
            self.mock_mail_gateway(mail_unlink_sent=True),
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
            patch("odoo.modules.module.current_test", False),  # or nothing is committed
        ):
            self.connect_mocked.side_effect = connect
            if send_email:
                self.send_email_mocked.side_effect = send_email
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

    # ------------------------------------------------------------
    # Mail servers
    # ------------------------------------------------------------

    def _prepare_for_two_servers(self, **values):
        """:return: the mail servers, and how many emails go by the first one: two of the five"""
        servers = self.env["ir.mail_server"].create(
            [{"name": name, "smtp_host": f"{name}.example.com", **values} for name in ("slow", "fast")]
        )
        mails, _other = self._prepare()
        mails[:2].sudo().mail_server_id = servers[0]
        mails[2:].sudo().mail_server_id = servers[1]
        return servers, mails

    def test_a_server_with_as_many_connections_as_it_may(self):
        """Its emails wait, and no others; they go when somebody else's connection has ended."""
        [slow, _fast], mails = self._prepare_for_two_servers(marketing_connections=1)
        with db_connect(get_db_name()).cursor() as another:
            another.execute("SELECT pg_advisory_lock(%s, %s)", [SLOT, slow.id * MANY])
            self._run(self.lane)
            self.assertEqual(mails.exists(), mails[:2])
            again = self.env["ir.cron.trigger"].search([("cron_id", "=", self.lane.id)]).mapped("call_at")
            self.assertIn(self.start + timedelta(minutes=1), again)
            slow.marketing_connections = 2
            self._run(self.lane)
            self.assertFalse(mails.exists(), "by the second one")
            another.execute("SELECT pg_advisory_unlock_all()")
        self.env.cr.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [SLOT])
        self.assertEqual(self.env.cr.fetchall(), [(0,)])

    def test_a_server_that_makes_no_connection(self):
        """Its emails fail, as Odoo's own do, and the lane goes on with those of other servers."""
        [slow, _fast], mails = self._prepare_for_two_servers()

        def connect(*_args, mail_server_id=None, **_kwargs):
            if mail_server_id == slow.id:
                raise OSError("Connection refused")
            return DEFAULT

        self._run(self.lane, connect)
        self.assertEqual(mails.exists().mapped("state"), ["exception"] * 2)
        self.assertEqual(mails.exists(), mails[:2])

    def test_servers_take_turns(self):
        """One that is slow delays its own emails: those of another one do not wait for the last of them."""
        [slow, _fast], mails = self._prepare_for_two_servers()
        owners = {mail.recipient_ids.email or mail.email_to: mail.mail_server_id for mail in mails}
        turns = []

        def send_email(_server, message, *_args, **_kwargs):
            turns.append(next(server.name for email, server in owners.items() if email in message["To"]))
            return message["Message-Id"]

        addon = "odoo.addons.marketing_automation"
        one_each = patch(f"{addon}.models.mail_queue.queue.READ_TOGETHER", 1)
        with one_each, patch(f"{addon}.engine.context.WAKE_EVERY", -1):
            self._run(self.lane, send_email=send_email)
        self.assertEqual(turns, ["slow", "fast", "slow", "fast", "fast"])

    def test_connections_of_a_lane(self):
        """Those that are open count, whatever a server was asked for; idle ones make room."""
        server = self.env["ir.mail_server"].create({"name": "Few", "smtp_host": "x", "marketing_connections": 2})
        with self.env["mail.mail"]._open_rounds(is_lane=True) as queue:
            rounds, server = queue_rounds(queue.env), server.with_env(queue.env)
            found = []
            for _number in range(3):
                found.append(server._may_connect())
                rounds.connections.append((server.id, SimpleNamespace(sock=True)))
            self.assertEqual(found, [True, True, False])
            rounds.connections[0][1].sock = None
            rounds.connections.pop()
            self.assertTrue(server._may_connect())
        server = self.env["ir.mail_server"].create({"name": "Own", "smtp_host": "x", "owner_user_id": self.env.user.id})
        self.assertEqual(server._get_connection_limit(), 1, "Odoo counts its emails: one lane at a time does")

    # ------------------------------------------------------------
    # Warm-up of a mail server
    # ------------------------------------------------------------

    def _prepare_warm_up(self, **values):
        """:return: a mail server that warms up from now on, by which the first two emails go, and all five"""
        [server, _fast], mails = self._prepare_for_two_servers()
        with self._at(self.start):
            server.write(
                {"marketing_warm_up": True, "marketing_warm_up_start": 1, "marketing_warm_up_limit": 4, **values}
            )
            self.assertEqual(server.marketing_warm_up_date, self.start)
        return server, mails

    def test_a_server_in_its_warm_up_gets_so_many_in_an_hour(self):
        """Those beyond it wait in the queue, and no others; also by Odoo's queue, where the lanes are disabled."""
        server, mails = self._prepare_warm_up()
        self._run(self.lane)
        self.assertEqual(mails.exists(), mails[1])
        woken = self.env["ir.cron.trigger"].search([("cron_id", "=", self.lane.id)]).mapped("call_at")
        self.assertIn(self.start + timedelta(hours=1), woken)
        with self._at(self.start):
            server.invalidate_recordset(["marketing_warm_up_text"])
            self.assertEqual(
                server.marketing_warm_up_text,
                "Day 1: 1 an hour, then 1; 4 from day 7 on. This hour it has sent 1.",
            )
        self.env["marketing.campaign"]._get_lanes(SENDING_CRON).active = False
        for minutes, left in ((59, 1), (1, 0)):
            self.start += timedelta(minutes=minutes)
            self._run(self.queue)
            self.assertEqual(len(mails.exists()), left)

    def test_lanes_share_what_a_server_gets(self):
        """By the row of the server: what one takes, no other does, nor is anything taken twice."""
        server, mails = self._prepare_warm_up(marketing_warm_up_start=3)
        with (
            self._in_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            other = api.Environment(cr, api.SUPERUSER_ID, {})["ir.mail_server"].browse(server.id)
            self.assertEqual([other._take_share(2, self.start + timedelta(minutes=at)) for at in (0, 1, 2)], [2, 1, 0])
            self.assertEqual(other._take_share(1, self.start + timedelta(hours=1)), 1)
        self._run(self.lane)
        self.assertFalse(mails.exists(), "in another hour")

    def test_lanes_that_take_at_once(self):
        """Each on a connection of its own: together they get what there is, and no more."""
        taken, connection = [], db_connect(get_db_name())
        values = {"marketing_warm_up": True, "marketing_warm_up_date": self.start, "marketing_warm_up_start": 20}
        with connection.cursor() as cr:
            servers = api.Environment(cr, api.SUPERUSER_ID, {})["ir.mail_server"]
            server = servers.create({"name": "Both", "smtp_host": "x", **values})

        def take():
            with connection.cursor() as cr:
                mine = api.Environment(cr, api.SUPERUSER_ID, {})["ir.mail_server"].browse(server.id)
                taken.extend(mine._take_share(3, self.start) for _time in range(8))

        lanes = [Thread(target=take) for _lane in range(2)]
        try:
            for lane in lanes:
                lane.start()
            for lane in lanes:
                lane.join()
            self.assertEqual((len(taken), sum(taken)), (16, 20))
        finally:
            with connection.cursor() as cr:
                api.Environment(cr, api.SUPERUSER_ID, {})["ir.mail_server"].browse(server.id).unlink()

    def test_others_are_behind_those_that_wait_for_the_next_hour(self):
        """A mail that names no server goes by that of its sender: lanes look past it, however many there are."""
        _server, mails = self._prepare_warm_up(from_filter="marketing.example.com")
        mails[:2].sudo().mail_server_id = False
        self.env["ir.config_parameter"].set_param(BATCH_KEY, 1)
        for _run in range(len(mails)):
            self._run(self.lane)
        self.assertEqual(mails.exists(), mails[1])

    def test_a_warm_up_that_is_begun_anew(self):
        server, _mails = self._prepare_warm_up()
        with self._at(self.start + timedelta(days=30)):
            server.invalidate_recordset(["marketing_warm_up_text"])
            self.assertEqual(server.marketing_warm_up_text, "Finished: 4 an hour.")
            server.marketing_warm_up = False
            self.assertFalse(server.marketing_warm_up_date)
            self.assertFalse(server.marketing_warm_up_text)
            server.marketing_warm_up = True
            self.assertEqual(server.marketing_warm_up_date, self.start + timedelta(days=30))
        self.assertFalse(server.copy().marketing_warm_up_used)

    def test_a_warm_up_that_cannot_be(self):
        server, _mails = self._prepare_warm_up()
        for values, words in (
            ({"marketing_warm_up_start": 0}, "at least 1 email per hour"),
            ({"marketing_warm_up_start": 5}, "at most with “Emails per Hour at Most”"),
            ({"marketing_warm_up_growth": 0}, "1 to 1000 percent"),
            ({"marketing_warm_up_limit": 0}, "sends 1 to 1,000,000 emails"),
        ):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, words), self.cr.savepoint():
                server.write(values)
