"""The loop: what is due is executed in batches, a transaction each.

    plan (what is due) ──> claim, gates, execute, finish, settle ──> commit ──> plan …
                                     │ exception
                                     ├─> roll back, halve the batch, until one trace stands alone
                                     └─> it would leave the transaction: roll back, see ``alone.py``

Two crons and rows of the database are all there is: PostgreSQL coordinates, Odoo's cron
workers are the hands. Campaigns take turns, a batch each, so that a small one waits for no
more than a batch of a huge one.
"""

import logging
from collections import deque
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.doors import RunAlone
from ...engine.errors import CampaignStop, StepHeld
from ...engine.time_limit import TookTooLong
from .batch import Batch
from .errors import ATTEMPTS, CONTENTION, is_shutdown

_logger = logging.getLogger(__name__)

BATCH = 500  # traces or participants of one transaction
WINDOW = 2_000  # due traces that one plan looks at
LIGHT = 10  # times as many of either, where the step is light: see ``ActivityType.light``


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    # ------------------------------------------------------------
    # Wake-up
    # ------------------------------------------------------------

    @api.model
    def _get_enrolment_cron(self):
        return self.env.ref("marketing_automation.ir_cron_campaign_sync_participants").sudo()

    @api.model
    def _wake_engine(self, now=None, idle=False, held=()):
        """Trigger the execution cron at the minute when something is due next.

        One trigger for each lane, not one per trace: none when one is there already that is early enough.

        :param datetime now: UTC; the present by default
        :param bool idle: whether a run has just done nothing: what is due then is held by
            others or broken, and is tried again in a minute, not at once
        :param held: ids of the activities that wait for an Update, which wakes the engine itself
        """
        now = now or fields.Datetime.now()
        due = self._get_next_due(held)
        if not due:
            return
        at = max(due, now + timedelta(minutes=1) if idle else now)
        if at > now and (at.second or at.microsecond):
            at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        crons = self._get_execution_crons()
        earlier = [("cron_id", "in", crons.ids), ("call_at", ">", now), ("call_at", "<=", at)]
        woken = self.env["ir.cron.trigger"].sudo().search(earlier).cron_id
        for cron in crons - woken:
            cron._trigger(at)

    @api.model
    def _get_next_due(self, held=()):
        """Return when something is due next, of all that runs: a step, a request, the end of a wait or doubt, a look.

        :param held: ids of activities that are left out
        """
        [[due]] = self.env.execute_query(
            SQL(
                # per running campaign, the first entry of three indexes
                """
                SELECT LEAST(min(LEAST(due.date, wait.date, request.date, c.wait_look_date)),
                             (SELECT min(doubt_until) FROM marketing_trace_event))
                  FROM marketing_campaign c
                  LEFT JOIN LATERAL (SELECT t.schedule_date AS date FROM marketing_trace t
                                      WHERE t.campaign_id = c.id AND t.state = 'scheduled' AND t.is_test IS NOT TRUE
                                            %s
                                   ORDER BY t.schedule_date LIMIT 1) due ON TRUE
                  LEFT JOIN LATERAL (SELECT t.wait_until AS date FROM marketing_trace t
                                      WHERE t.campaign_id = c.id AND t.wait_until IS NOT NULL
                                        AND t.is_test IS NOT TRUE
                                   ORDER BY t.wait_until LIMIT 1) wait ON TRUE
                  LEFT JOIN LATERAL (SELECT q.date FROM marketing_entry_request q
                                      WHERE q.campaign_id = c.id ORDER BY q.id LIMIT 1) request ON TRUE
                 WHERE c.state = 'running'
                """,
                SQL("AND t.activity_id != ALL(%s)", list(held)) if held else SQL(),
            )
        )
        return due

    # ------------------------------------------------------------
    # The loop
    # ------------------------------------------------------------

    @api.model
    def _cron_execute_activities(self):
        self._in_transaction(self._ask_changed_hours, fields.Datetime.now())
        self.search([("state", "=", "running")]).execute_activities()

    @api.private
    def execute_activities(self, now=None):
        """Execute what is due in these campaigns, until nothing is or the cron's time is over.

        Commits after each batch.

        :param datetime now: naive UTC; the present by default, taken anew for each batch
        """
        cron = self.env["ir.cron"]
        turns = deque(self.ids)
        idle = True
        languages = {}  # of the campaigns' users, by campaign: each batch begins knowing nothing
        held = set()  # ids of the activities that wait for an Update
        cron._commit_progress(remaining=len(turns))
        self._in_transaction(self.env["marketing.trace"]._settle_interrupted, now or fields.Datetime.now())
        self._in_transaction(self.env["marketing.trace.event"]._settle_doubts, now or fields.Datetime.now())
        requested = self._in_transaction(self._find_requested)
        while turns:
            campaign = self.browse(turns.popleft())
            moment = now or fields.Datetime.now()
            done = campaign._execute_batch(moment, languages, held, requested)
            if done:
                idle = False
                turns.append(campaign.id)
            if not cron._commit_progress(done, remaining=len(turns)):
                break
        try:
            while self._in_transaction(self._fold_counters, now or fields.Datetime.now()):
                if not cron._commit_progress(remaining=1):
                    break
            self._in_transaction(self._wake_engine, now, idle, held)
        except CONTENTION as error:
            _logger.info("The engine is woken at the next regular time: %s", error)

    def _execute_batch(self, now, languages, all_held, requested=()):
        """Do one batch of this campaign's work: what others ask of it and its events first, then what is due.

        :param dict languages: see :meth:`_in_language_of_user`
        :param set all_held: takes the ids of the activities that wait for an Update
        :param requested: ids of the campaigns of which others ask something
        :return: how much was done; 0 when there is nothing to do now
        """
        if self.update_job or self.state != "running":
            return 0  # the enrolment cron finishes the Update, then triggers this one
        failed = self.failed_job == "execution"
        looks = self.wait_look_date and self.wait_look_date <= now
        try:
            limited, turn = self._get_limited_activity_ids(), self._read_turn()
            campaign = self._in_language_of_user(languages)
            events, waits = campaign._in_transaction(campaign._find_kinds_of_work, now)
            done = (
                (self.id in requested and campaign._in_transaction(campaign._take_requests, now))
                or (events and campaign._in_transaction(campaign._consume_next_events, now))
                or (waits and campaign._in_transaction(campaign._expire_waits, now))
                or (looks and campaign._in_transaction(campaign._look_at_waits, now))
                or campaign._execute_due(limited, turn, now, all_held)
            )
            if failed:
                self._in_transaction(self._clear_failure)
            return done
        except CampaignStop as stop:
            self.env.cr.rollback()
            self._in_transaction(self._stop_for, str(stop))
            _logger.warning("The campaign %s stops: %s", self.id, stop)
            return 0
        except BaseException as error:
            # nothing that belongs to one campaign may keep the others from running
            self.env.cr.rollback()
            if is_shutdown(error):
                raise
            self._note_failure("execution", error, now)
            return 0

    def _in_transaction(self, method, *args):
        """Call a method in a transaction of its own, again when others' writes made it fail.

        :return: what the method returns
        :raise Exception: one of ``CONTENTION`` when others kept writing the same rows
        """
        for left in reversed(range(ATTEMPTS)):
            try:
                result = method(*args)
                self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # one batch, one transaction
                return result
            except CONTENTION as error:
                self.env.cr.rollback()
                if not left:
                    raise
                _logger.debug("%s met a concurrent change: %s", method.__name__, error)
        return None

    # ------------------------------------------------------------
    # Batches
    # ------------------------------------------------------------

    def _find_kinds_of_work(self, now):
        """Return whether there are new events, and whether a wait is over: mostly there is neither."""
        [kinds] = self.env.execute_query(
            SQL(
                # by the indexes of the two methods that follow
                """
                SELECT EXISTS (SELECT 1 FROM marketing_trace_event
                                WHERE campaign_id = %(campaign)s AND consumed IS NOT TRUE AND is_test IS NOT TRUE),
                       EXISTS (SELECT 1 FROM marketing_trace
                                WHERE campaign_id = %(campaign)s AND wait_until < %(now)s AND is_test IS NOT TRUE)
                """,
                campaign=self.id,
                now=now,
            )
        )
        return kinds

    def _consume_next_events(self, now):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id FROM marketing_participant p
                 WHERE p.id IN (SELECT e.participant_id FROM marketing_trace_event e
                                 WHERE e.campaign_id = %s AND e.consumed IS NOT TRUE AND e.is_test IS NOT TRUE
                              ORDER BY e.participant_id LIMIT %s)
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                self.id,
                BATCH,
            )
        )
        if not rows or self.state != "running":
            return 0
        participants = self.env["marketing.participant"].browse(row[0] for row in rows)
        return self.env["marketing.trace"]._consume_events(participants, now)

    def _expire_waits(self, now):
        """Let go of waits whose deadline has passed; nothing else may be left to wait for."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id FROM marketing_trace t JOIN marketing_participant p ON p.id = t.participant_id
                 WHERE t.campaign_id = %s AND t.wait_until < %s AND t.is_test IS NOT TRUE
              ORDER BY t.wait_until LIMIT %s
                   FOR NO KEY UPDATE OF t, p SKIP LOCKED
                """,
                self.id,
                now,
                BATCH,
            )
        )
        if not rows or self.state != "running":
            return 0
        traces = self.env["marketing.trace"].browse(row[0] for row in rows)
        traces._write_wait_deadlines(dict.fromkeys(traces.ids))
        traces.participant_id._refresh_state(now, self._get_awaiting_steps())
        return len(traces)

    def _execute_due(self, limited, turn, now, all_held):
        """Execute what is due: each record's first due step, by activity.

        :param list limited: the ids of the activities with a limit per hour
        :param Turn turn: how its steps are executed
        :param set all_held: takes the ids of the activities that wait for an Update
        :return: how many traces were dealt with
        """
        done, held = 0, set()
        while True:
            others = [*limited, *held]
            condition = SQL("activity_id != ALL(%s)", others)
            batches = self._plan_due(now, condition, WINDOW)
            if sum(map(len, batches.values())) > BATCH and next(iter(batches)) in turn.light:
                batches = self._plan_due(now, condition, WINDOW * LIGHT)
            done += self._execute_batches(batches, turn, now, held)
            if held.issubset(others):
                break  # else those behind a held step have their turn
        if limited:
            done += self._execute_limited(limited, turn, now, held)
        all_held |= held
        return done

    def _execute_batches(self, batches, turn, now, held):
        """Execute these traces as far as they fit into one batch; others have their turn then.

        :param dict batches: the ids of traces by activity
        :param Turn turn: how its steps are executed
        :param set held: takes the ids of the activities that wait for an Update
        :return: how many traces were dealt with
        """
        done, room = 0, 1.0  # what is left of the batch
        for activity_id, trace_ids in batches.items():
            whole = BATCH * LIGHT if activity_id in turn.light else BATCH
            size = round(room * whole)
            if size > 0:
                try:
                    with self._in_one_lane(turn.locks.get(activity_id)) as is_ours:
                        count = self._execute_first_free(trace_ids, now, size) if is_ours else 0
                except StepHeld as step:
                    self.env.cr.rollback()
                    held.add(step.activity_id)
                else:
                    done += count
                    room -= count / whole
        return done

    def _plan_due(self, now, condition, limit):
        """Return what is due, in due order: the ids of an activity's traces by the activity's.

        Each activity is executed in due order: who comes to it by a step that must run first
        holds back those who come after.

        :param SQL condition: which traces
        :param int limit: how many at most
        :rtype: dict[int, list[int]]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, res_id, activity_id FROM marketing_trace
                 WHERE campaign_id = %s AND state = 'scheduled' AND is_test IS NOT TRUE AND schedule_date <= %s
                   AND executing IS NULL AND %s
              ORDER BY schedule_date, id LIMIT %s
                """,
                self.id,
                now,
                condition,
                limit,
            )
        )
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # a claim begins
        batches, planned, held = {}, set(), set()
        for trace_id, res_id, activity_id in rows:  # a record has one participant for each passage
            if res_id in planned or activity_id in held:
                held.add(activity_id)
            else:
                batches.setdefault(activity_id, []).append(trace_id)
            planned.add(res_id)
        return batches

    def _execute_first_free(self, trace_ids, now, size):
        """Execute a batch of these traces of one activity: the first that no other lane holds.

        :param int size: of the batch, at most
        :return: how many traces were dealt with
        """
        for start in range(0, len(trace_ids), size):
            done = self._execute_traces(trace_ids[start : start + size], now)
            if done:
                return done
        return 0

    def _execute_traces(self, trace_ids, now):
        """Execute traces of one activity; on an exception by halves, down to the guilty one.

        :return: how many traces were dealt with
        """
        try:
            return self._in_transaction(self._execute_claimed, trace_ids, now)
        except CampaignStop:
            raise
        except RunAlone as refusal:
            self.env.cr.rollback()
            return self._execute_alone(trace_ids, now, refusal.opened)
        except BaseException as error:
            self.env.cr.rollback()
            if is_shutdown(error):
                raise
            # Of one that took too long it is known which, and that the others take their time again.
            guilty = [error.trace_id] if isinstance(error, TookTooLong) else trace_ids
            if len(guilty) == 1:
                self._log_failure(guilty[0], error)
                return self._in_transaction(self._end_guilty, guilty, error, now)
        middle = len(trace_ids) // 2
        return self._execute_traces(trace_ids[:middle], now) + self._execute_traces(trace_ids[middle:], now)

    def _execute_claimed(self, trace_ids, now):
        done, traces = self._claim_and_pass_gates(trace_ids, now)
        return done - len(traces - traces._execute_and_finish(now))

    def _claim_and_pass_gates(self, trace_ids, now):
        """Claim traces, and end those that cannot run.

        :return: (how many were claimed, those that are to be executed)
        :raise StepHeld: where the step waits for an Update
        """
        self._forget_zones()
        traces = self.env["marketing.trace"].browse(trace_ids)._claim()._read_for_batch()
        traces = traces.filtered(lambda trace: trace.schedule_date and trace.schedule_date <= now)
        if not traces or self.state != "running":
            return 0, traces.browse()
        claimed = traces
        # Those whose events came since the plan: a negative no longer runs.
        traces._consume_events(traces.participant_id, now)
        traces = traces.filtered(lambda trace: trace.state == "scheduled")._pass_gates(Batch(self, now))
        (claimed - traces).participant_id._refresh_state(now, self._get_awaiting_steps())
        return len(claimed), traces

    def _log_failure(self, trace_id, error):
        _logger.warning("The marketing trace %s failed: %s", trace_id, error, exc_info=error)
