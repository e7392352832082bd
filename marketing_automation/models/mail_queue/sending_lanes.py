"""Lanes of the campaigns' emails: scheduled actions that send them, beside Odoo's own queue.

A big campaign neither waits behind ordinary mail nor holds it up. Where an administrator has disabled all of the lanes,
Odoo's queue sends the campaigns' emails, too.
"""

import logging
import time
from datetime import timedelta

from odoo import api, fields, models, modules

from ...engine.context import queue_rounds
from ..runtime.lanes import FIRST_SENDING_LANE
from .mail_lines import TROUBLE_PAUSE, PutOffError

_logger = logging.getLogger(__name__)

QUEUE = "mail.ir_cron_mail_scheduler_action"
BATCH_KEY, BATCH = "mail.mail.queue.batch.size", 1000  # Odoo's own
RUN = 30  # seconds, after which a lane lets other scheduled actions run, and goes on after them
OF_CAMPAIGNS, OF_NONE = [("marketing_trace_id", "!=", False)], [("marketing_trace_id", "=", False)]


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model
    def _get_sending_lanes(self):
        """Return the scheduled actions that send campaigns' emails; none where they are disabled."""
        return self.env["marketing.campaign"]._get_lanes(FIRST_SENDING_LANE).filtered("active")

    @api.model
    def _get_sending_crons(self):
        """Return the scheduled actions to be woken for campaigns' emails."""
        return self._get_sending_lanes() or self._get_queue_cron()

    @api.model
    def _get_queue_cron(self):
        return self.env.ref(QUEUE).sudo()  # sudo: whoever wakes it

    def _split_by_delayed_batch(self, mail_server):
        """Wake the lanes, too, for what a personal mail server sends later."""
        mails = super()._split_by_delayed_batch(mail_server)
        delayed = (self - mails).filtered("marketing_trace_id").mapped("scheduled_date")
        if delayed:
            for cron in self._get_sending_lanes():
                cron._trigger(min(delayed) + timedelta(seconds=59))  # as Odoo does for its queue
        return mails

    @api.model
    def _leave_to_lanes(self):
        """Tell whether campaigns' emails are left to the lanes: Odoo's scheduled action does.

        Whoever calls its method means all mails.
        """
        return bool(self.env.context.get("cron_id") and self._get_sending_lanes())

    @api.model
    def _cron_send_emails(self):
        """Send the campaigns' emails that are due and that no other lane has in hand."""
        self._settle_handovers()
        crons, limit, sent = self.env["ir.cron"], self._get_lane_batch(), set()
        left = 0  # 1 where there may be more than these: counting them would take as long as sending some

        def note_sent(ids):
            new = set(ids) - sent
            sent.update(new)
            crons._commit_progress(len(new), remaining=left)

        def take(domain):
            nonlocal left
            due = ["|", ("scheduled_date", "=", False), ("scheduled_date", "<=", fields.Datetime.now())]
            waiting = [("state", "=", "outgoing"), *OF_CAMPAIGNS, *due, *domain]
            mails = queue._search_going(waiting, limit)
            left = left or int(len(mails) == limit)
            mails._send_by_server(not modules.module.current_test, note_sent)

        with self._open_rounds(is_lane=True) as queue:
            queue_rounds(queue.env).until = time.monotonic() + RUN
            queue._run_rounds(take)
            if queue_rounds(queue.env).left_servers:  # should the lane that has the connection not come to them
                for cron in self._get_sending_lanes():
                    cron._trigger(at=fields.Datetime.now() + TROUBLE_PAUSE)
        crons._commit_progress(remaining=left if sent else 0)

    def _send_by_server(self, auto_commit, callback):
        """Send these mails as Odoo does. Those by a server that makes no connection now wait, and no others."""
        servers, put_off = self.env["ir.mail_server"], False
        full = self._get_full_servers(fields.Datetime.now()).ids
        for server_id, _domain, _sender, ids in list(self._split_by_mail_configuration()):
            if server_id in full:
                continue
            limited = servers._get_limited(server_id)
            if limited and not limited._may_connect():
                queue_rounds(self.env).left_servers.add(server_id)
                continue
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # what others wrote is seen
            try:
                self.browse(ids).send(auto_commit=auto_commit, post_send_callback=callback)
            except PutOffError:
                put_off = True
            except Exception:  # as Odoo's queue does: what it has begun comes to its end
                _logger.exception("A lane failed to send emails of campaigns")
        if put_off:
            raise PutOffError

    @api.model
    def _get_lane_batch(self):
        """Return how many emails a lane looks at in a run: as many as all lanes send in one, as others have some."""
        # sudo: a parameter of Odoo's
        value = self.env["ir.config_parameter"].sudo().get_param(BATCH_KEY) or ""
        batch = int(value) if value.isdecimal() else 0
        return (batch or BATCH) * max(1, len(self._get_sending_lanes()))
