"""A run of Odoo's queue does not end before each mail server that owes an answer gave it, or kept silent for too long.

Nobody waits for them: meanwhile the run takes what is new. Mails of no campaign go first.
"""

import time
from contextlib import ExitStack, contextmanager

import psycopg2

from odoo import api, models

from ...engine.context import ROUNDS_KEY, QueueRounds, queue_rounds
from .mail_lines import PutOffError
from .sending_lanes import OF_NONE
from .smtp_line import find_answered

LOOK_EVERY = 1  # seconds


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model
    def process_email_queue(self, email_ids=(), batch_size=1000):
        self._settle_handovers()
        with self._open_rounds() as queue:
            ordinary = OF_NONE if self._leave_to_lanes() and not email_ids else []
            filters = [*self.env.context.get("filters", []), *ordinary]

            def take(domain):
                later = queue.with_context(filters=[*filters, *domain]) if filters or domain else queue
                return super(MailMail, later).process_email_queue(email_ids, batch_size)

            return queue._run_rounds(take, is_new_taken=not email_ids)

    @contextmanager
    def _open_rounds(self, is_lane=False):
        """Give these mails in an environment of QueueRounds, all of whose connections are closed after the block."""
        with ExitStack() as stack:
            mails = self.with_context(**{ROUNDS_KEY: QueueRounds(stack, is_lane)})
            stack.callback(mails._release_all)
            stack.callback(mails.env["ir.mail_server"]._release_slots)
            yield mails

    @api.model
    def _run_rounds(self, take, is_new_taken=True):
        """Send what is due, and go on until no mail server owes an answer.

        :param take: a function of a domain, that sends
        :param bool is_new_taken: whether what becomes due meanwhile is sent, too
        :return: what the function returns
        """
        queue_rounds(self.env).take = take if is_new_taken else None
        res = self._take(take)
        self._go_on()
        return res

    @api.model
    def _go_on(self):
        """Go on until no mail server owes an answer."""
        rounds = queue_rounds(self.env)
        runs = rounds.runs.values()
        if rounds.get_aside():
            # Half of the time that an answer may take: what goes out last is waited for, too.
            until = time.monotonic() + max(lines.limit for lines in rounds.get_lines()) / 2
            rounds.until = min(until, rounds.until or until)
        while rounds.get_aside() or rounds.put_off or rounds.is_anybody_left():
            rounds.put_off = rounds.put_off and bool(rounds.get_aside())
            self._take_new()
            if not rounds.is_anybody_left():
                self._wait_for_answer()
            for run in list(runs):
                run.mails._send_in_turn()
        for run in runs:
            run.mails._leave_who_waits()

    @api.model
    def _take_new(self, only_others=False):
        """Send what has come into Odoo's queue meanwhile.

        :param bool only_others: whether mails of campaigns are left for later
        """
        rounds = queue_rounds(self.env)
        only_others = only_others or rounds.is_time_up()
        if not rounds.take or (only_others and rounds.is_lane):
            return
        domain = [("id", "not in", list(rounds.seen))]
        waiting = [run.server_id for run in rounds.runs.values() if run.server_id and run.lines.queue]
        if rounds.is_lane and waiting:  # other servers, of which mails may be behind many of these
            domain.append(("mail_server_id", "not in", waiting))
        if only_others:
            domain += OF_NONE
        self._take(rounds.take, domain)
        self._end_transaction()

    @api.model
    def _take(self, take, domain=()):
        rounds = queue_rounds(self.env)
        rounds.looked = time.monotonic()
        try:
            return take(domain)
        except PutOffError:
            rounds.put_off = True
            return None

    @api.model
    def _let_others_pass(self):
        rounds = queue_rounds(self.env)
        if time.monotonic() - rounds.looked > LOOK_EVERY:
            self._take_new(only_others=True)

    @api.model
    def _wait_for_answer(self):
        rounds = queue_rounds(self.env)
        aside = rounds.get_aside()
        if not aside:
            return
        self._end_transaction()  # it may take a while
        seconds = max(min(one.line.deadline for one in aside) - time.monotonic(), 0)
        find_answered([one.line for one in aside], min(seconds, LOOK_EVERY) if rounds.take else seconds)

    @api.model
    def _end_transaction(self):
        try:
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does
        except psycopg2.Error:  # Odoo's queue logs what fails in it, and goes on
            self.env.cr.rollback()
