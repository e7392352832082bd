"""Emails and SMS beside Odoo's own mailing of the same content to the same records, prepared and sent apart.

Only the last wire is replaced, by the same nothing on both sides.
"""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.tools import config

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.link_tracker.models.link_tracker import LinkTracker
from odoo.addons.sms.tools.sms_api import SmsApi

from ..ports import LOOPBACK
from .campaigns import audience, clear, make_mailing, start_campaign
from .laps import administrator, alternate, lap, laps_of, superuser
from .lines import at_least, line
from .sink import running_sink

TABLES = "mail_mail, mail_message, mailing_trace, sms_sms, sms_tracker, link_tracker_click"


class Wire:
    """A connection to a mail server that takes everything."""

    def data(self, message):
        pass

    def quit(self):
        pass


def no_lookup():
    """Fetch nothing while the block lasts: Odoo looks up the title of a link's page."""
    return patch.object(LinkTracker, "_get_title_from_url", lambda _self, url: url)


@contextmanager
def no_wire():
    """Send nothing anywhere while the block lasts, and fetch nothing."""

    def send_email(_self, message, *_args, smtp_session=None, **_kwargs):
        if smtp_session:
            smtp_session.data(message)
        return message["Message-Id"]

    def send_batch(_api, messages, delivery_reports_url=False):
        return [{"uuid": to["uuid"], "state": "sent"} for message in messages for to in message["numbers"]]

    with (
        patch.object(IrMail_Server, "_connect__", lambda *_args, **_kwargs: Wire()),
        patch.object(IrMail_Server, "send_email", send_email),
        no_lookup(),
        patch.object(SmsApi, "_send_sms_batch", send_batch),
    ):
        yield


def emails(registry, size, runs):
    """An email with two links and a name in it."""

    def send(env):
        env["mail.mail"].process_email_queue()
        return env["mail.mail"].search_count([("state", "=", "outgoing")])

    return _measure(registry, size, runs, "email", {"mailing_type": "mail"}, "mail", send, aim=(1.0, 1.0))


def wire(registry, size, runs):
    """The same email to a real mail server, in a process of its own."""

    def send(env):
        env["mail.mail"].process_email_queue()
        return env["mail.mail"].search_count([("state", "=", "outgoing")])

    with running_sink() as port, patch.dict(config.options, smtp_server=LOOPBACK, smtp_port=port):
        return _measure(registry, size, runs, "email", {"mailing_type": "mail"}, "mail", send, (1.0, 1.0), no_lookup())


def texts(registry, size, runs):
    """An SMS with a link and a name in it."""

    def send(env):
        env["sms.sms"]._process_queue()
        return env["sms.sms"].search_count([("state", "=", "outgoing")])

    values = {"mailing_type": "sms", "sms_force_send": False}
    return _measure(registry, size, runs, "sms", values, "sms", send, aim=(1.0, 1.0))


def _measure(registry, size, runs, activity_type, mailing_values, kind, send, aim, world=None):
    handler = []

    def ours():
        with administrator(registry) as env:
            mailing = make_mailing(env, use_in_marketing_automation=True, **mailing_values)
            campaign = start_campaign(env, size, activity_type, mass_mailing_id=mailing.id)
            env.cr.commit()
            env["marketing.campaign"].sudo().browse(campaign.id).sync_participants()
            campaign_id = campaign.id
        with (
            laps_of(registry["marketing.activity"], f"_execute_{activity_type}") as inside,
            superuser(registry) as env,
            lap() as preparing,
        ):
            env["marketing.campaign"].browse(campaign_id).execute_activities()
        handler.append(inside)
        return preparing, _send(registry, size, send)

    def odoo():
        with administrator(registry) as env:
            mailing = make_mailing(env, mailing_domain=repr(audience(env, size)), **mailing_values)
            env.cr.commit()
            with lap() as preparing:
                getattr(mailing, f"action_send_{kind}")()
                env.cr.commit()
        return preparing, _send(registry, size, send)

    with world or no_wire():
        laps, others = alternate(runs, ours, odoo, lambda: clear_all(registry))
    lines = []
    for position, what in enumerate(("prepared", "sent")):
        mine = [pair[position] for pair in laps]
        theirs = [pair[position] for pair in others]
        notes = {"queries each": mine[-1].queries / size, "Odoo's queries each": theirs[-1].queries / size}
        if what == "prepared":
            own = [time.per(size)[0] - inside.per(size)[0] for time, inside in zip(mine, handler, strict=True)]
            notes["ms each outside the handler"] = own[-1]
        lines.append(
            line(
                f"{activity_type} {what}",
                f"{what} per second",
                [size / time.seconds for time in mine],
                [size / time.seconds for time in theirs],
                target=at_least("ratio", aim[position]),
                notes=notes,
            )
        )
    lines.append(
        line(
            f"{activity_type}, from due to accepted",
            "sent per second",
            *([size / sum(part.seconds for part in pair) for pair in side] for side in (laps, others)),
        )
    )
    for what, parts in (("prepared", [0]), ("sent", [1]), ("from due to accepted", [0, 1])):
        times = [
            [1000 * sum(pair[part].processor for part in parts) / size for pair in side] for side in (laps, others)
        ]
        lines.append(line(f"{activity_type} {what}: on a processor", "ms each", *times))
    return lines


def _send(registry, size, send):
    """Run the queue until it is empty, each time on a new transaction, as its cron does."""
    with superuser(registry) as env:
        sent = [("trace_status", "in", ("sent", "pending"))]
        already = env["mailing.trace"].search_count(sent)
    with lap() as time:
        left = True
        while left:
            with superuser(registry) as env:
                left = send(env)
    with superuser(registry) as env:
        done = env["mailing.trace"].search_count(sent) - already
        assert done == size, f"{done} of {size} were sent"
    return time


def clear_all(registry):
    with superuser(registry) as env:
        clear(env)
        env.cr.execute(f"TRUNCATE {TABLES} CASCADE")
        env.cr.commit()
