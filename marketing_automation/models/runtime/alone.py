"""Traces that run alone: server actions whose effects a rollback does not undo, and what a process that died left.

A batch is rolled back and halved where one of it fails. An action that sends an email at once, calls another system or
commits would do so again each time. It refuses itself at the first door (see ``engine/doors.py``), and its traces run
one by one, here: marked, the mark committed, run, what became of it committed.

    begin: claim, gates, mark ──> commit ──> run ──> finish ──> commit
                                    │ Odoo dies
                                    └─> a mark that nobody holds: whether it ran is unknown, and it is not run again

Whoever runs one holds an advisory lock of the session on it, which ends with the process and with nothing else. So what
happens outside the transaction happens at most once, and what happens inside exactly once.
"""

import time

from odoo import api, fields, models
from odoo.modules.registry import Registry
from odoo.tools import SQL

from ...engine.context import ALONE_KEY, LoneRun
from ...engine.doors import RunAlone
from ...engine.errors import CampaignStop
from ...engine.time_limit import TookTooLong
from ..activity.types.server_action import SLICE
from .errors import ATTEMPTS, CONTENTION, describe, is_shutdown

LOCK = 0x4D4154  # first key of the advisory locks: which trace is being run


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _execute_alone(self, trace_ids, now, opened):
        """Execute traces of one activity one by one, until a slice of time is over.

        :param bool opened: whether what they do may leave the transaction
        :return: how many traces were dealt with
        """
        done, end = 0, time.monotonic() + SLICE
        for trace_id in trace_ids:
            done += self._execute_one(trace_id, now, opened)
            if time.monotonic() > end:
                break
        return done

    def _execute_one(self, trace_id, now, opened):
        """Execute a trace in transactions of its own.

        :return: 1, or 0 where others have it
        """
        trace = self.env["marketing.trace"].browse(trace_id)
        [[locked]] = self.env.execute_query(SQL("SELECT pg_try_advisory_lock(%s, %s)", LOCK, trace_id))
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # a claim begins
        if not locked:
            return 0
        try:
            done, traces = self._in_transaction(self._begin_one, trace_id, now, opened)
            if traces:
                self._run_one(trace, now, opened)
            return done
        finally:
            self.env.cr.rollback()  # what was done is committed
            self.env.execute_query(SQL("SELECT pg_advisory_unlock(%s, %s)", LOCK, trace_id))
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # ends the unlock

    def _begin_one(self, trace_id, now, opened):
        """Claim a trace, have it pass the gates, and mark it.

        :return: (how many traces were dealt with, those of them that are to be run)
        """
        done, traces = self._claim_and_pass_gates([trace_id], now)
        if traces:
            traces._mark(opened)
        return done, traces

    def _run_one(self, trace, now, opened):
        """Run a marked trace, and commit what became of it."""
        attempts = ATTEMPTS
        while True:
            run = LoneRun(opened)
            try:
                self._run_marked(trace.with_context(**{ALONE_KEY: run}), run, now)
                return
            except RunAlone:
                # it was tried without the right to leave its transaction, and wanted to
                self.env.cr.rollback()
                self._in_transaction(trace._mark, True)
                opened = True
            except CampaignStop:
                self.env.cr.rollback()
                self._in_transaction(self._free_one, trace)
                raise
            except BaseException as error:
                self.env.cr.rollback()
                if is_shutdown(error):
                    raise
                attempts -= 1
                if not isinstance(error, CONTENTION) or run.passed or not attempts:
                    self._log_failure(trace.id, error)
                    self._in_transaction(self._end_one, trace, error, run, now)
                    return

    def _run_marked(self, trace, run, now):
        trace = trace._lock_marked()
        if trace:
            outcomes = trace.activity_id._execute(trace, now)
            if {"commit", "rollback"} & run.passed:
                # Its locks are gone: what it left is committed first, and others' writes can only fail the outcome.
                self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the action did
                self._in_transaction(self._finish_one, trace, outcomes, now)
                return
            self.env.flush_all()
            trace._finish(outcomes, now)
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # one trace, one transaction

    def _finish_one(self, trace, outcomes, now):
        trace._lock_marked()._finish(outcomes, now)

    def _free_one(self, trace):
        trace._lock_marked().executing = False
        self.env.flush_all()

    def _end_one(self, trace, error, run, now):
        trace = trace._lock_marked()
        if not trace:
            return
        if run.passed:
            outcome = ("error", "left_halfway", {"detail": describe(self.env, error)})
            trace._finish({trace.id: outcome}, now)
        else:
            self._give_up(trace, error, now)

    def _get_stuck_handler(self, seconds):
        """Return what says of a trace that it hangs where its thread cannot: it ends its transaction, then the trace.

        :param float seconds: that it may take
        """
        database, context = self.env.cr.dbname, dict(self.env.context, **{ALONE_KEY: None})
        backend = self.env.cr._cnx.get_backend_pid()

        def end_stuck(trace_id):
            with Registry(database).cursor() as cr:
                campaign = api.Environment(cr, api.SUPERUSER_ID, context)[self._name].browse(self.id)
                campaign._in_transaction(campaign._end_stuck, backend, trace_id, seconds)

        return end_stuck

    def _end_stuck(self, backend, trace_id, seconds):
        self.env.execute_query(SQL("SELECT pg_terminate_backend(%s, 5000)", backend))
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # its locks are gone, if they were
        trace = self.env["marketing.trace"].browse(trace_id)
        rows = self.env.execute_query(
            SQL("SELECT id FROM marketing_trace WHERE id = %s AND state = 'scheduled' FOR NO KEY UPDATE", trace_id)
        )
        if rows:
            error = TookTooLong()
            error.seconds = seconds
            trace._finish({trace_id: self._get_failure(error)}, fields.Datetime.now())
