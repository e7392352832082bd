"""The winner of a split: looked for at an enrolment, seldom enough to be sure; or chosen by hand."""

from datetime import timedelta

from markupsafe import Markup

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...engine.experiment import Tally, find_winner, get_threshold, is_look_due
from ..activity.types.winner import GOAL, METRICS

DAY = timedelta(days=1)
RIPE = DAY  # after its message, or after the split, somebody counts: by then most people have done what they do


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    winner_date = fields.Datetime(
        string="Decided on", readonly=True, copy=False, help="When it was decided; without a winner it is a draw."
    )
    winner_probability = fields.Float(
        string="Probability",
        readonly=True,
        copy=False,
        help="How probable it was that the winner is the best branch. 0: it was chosen by hand.",
    )
    experiment_start = fields.Datetime(
        readonly=True, copy=False, help="Who came to the split before counts for no winner: its weights were others."
    )
    experiment_look = fields.Json(readonly=True, copy=False, help="The last look for a winner: its number and numbers.")

    # ------------------------------------------------------------
    # By the engine
    # ------------------------------------------------------------

    def _begin_experiment(self, now):
        """Compare the branches anew, of those who come from now on."""
        self.write(
            {
                "experiment_start": now,
                "experiment_look": False,
                "winner_branch_id": False,
                "winner_date": False,
                "winner_probability": 0,
            }
        )

    def _look_for_winner(self, step, now):
        """Look whether one of the branches is the best with enough certainty, if it is time for that.

        :param Step step: as it runs
        :param datetime now: UTC
        """
        rule, last = step.settings["winner"], self.experiment_look or {}
        days = None if self.winner_date else self._count_experiment_days(now)
        if days is None:
            return
        is_over = 0 < rule["deadline"] <= days
        numbers = (rule["number"], rule["days"], last.get("number", 0), last.get("days", 0))
        # by the counters first: they are never too low, and nothing is counted at most syncs
        if not (is_over or is_look_due(sum(self._get_branch_numbers().values()), days, *numbers)):
            return
        tallies = self._count_branches(step, now)
        number = sum(tally.total for tally in tallies.values())
        if len(tallies) < 2 or not (is_over or is_look_due(number, days, *numbers)):
            return
        look, confidence = last.get("look", 0) + 1, rule["confidence"] / 100
        leader, chance, wins = find_winner(tallies, look, confidence)
        values = {
            "experiment_look": {
                "look": look,
                "number": number,
                "days": days,
                "date": fields.Datetime.to_string(now),
                "leader": leader,
                "chance": chance,
                "needed": get_threshold(look, confidence, len(tallies)),
                "tallies": {branch: [tally.total, tally.successes] for branch, tally in tallies.items()},
            }
        }
        if wins:
            values |= {"winner_branch_id": int(leader), "winner_probability": chance}
        if wins or is_over:
            values["winner_date"] = now
        self.write(values)
        if self.winner_date:
            self._tell_winner()

    def _count_experiment_days(self, now):
        """Return how many days ago the first participant came since the comparison began; None for nobody."""
        [[first]] = self.env.execute_query(
            SQL(
                # by the index of an activity's steps
                """SELECT min(done_date) FROM marketing_trace
                    WHERE activity_id = %s AND state = 'processed' AND is_test IS NOT TRUE AND done_date >= %s""",
                self.id,
                self._get_experiment_start(),
            )
        )
        return (now - first) / DAY if first else None

    def _count_branches(self, step, now):
        """Return what is known of each branch that takes part, of those who came since the comparison began.

        :param Step step: as it runs
        :param datetime now: UTC
        :return: :class:`Tally` by branch
        """
        metric, workflow = step.settings["winner"]["metric"], self.campaign_id._get_workflow()
        messages = workflow.find_first_messages(step.id, self._get_sending_types())
        taking = [branch for branch, weight in step.settings["weights"] if weight]
        if metric != GOAL:
            taking = [branch for branch in taking if branch in messages]
        rows = self.env.execute_query(self._get_success_sql(metric, messages, now))
        found = {branch: Tally(total, successes) for branch, total, successes in rows}
        return {branch: found.get(branch, Tally(0, 0)) for branch in taking}

    def _get_experiment_start(self):
        return self.experiment_start or fields.Datetime.from_string("1970-01-01")

    def _get_success_sql(self, metric, messages, now):
        """Return the query of each branch, how many count, and with how many it succeeded.

        A participant counts once, at the first visit.

        :param dict messages: see ``Workflow.find_first_messages``
        """
        values = {
            "activity": self.id,
            "since": self._get_experiment_start(),
            "ripe": now - RIPE,
            "event": METRICS.get(metric),
            "branches": [branch for branch, ids in messages.items() for _id in ids],
            "messages": [id_ for ids in messages.values() for id_ in ids],
        }
        took = SQL(
            """marketing_trace t WHERE t.activity_id = %(activity)s AND t.state = 'processed' AND t.visit = 1
               AND t.is_test IS NOT TRUE AND t.branch IS NOT NULL AND t.done_date >= %(since)s
               AND t.done_date <= %(ripe)s""",
            **values,
        )
        if metric == GOAL:
            return SQL(
                """SELECT t.branch, count(*), count(*) FILTER (WHERE p.goal_date >= t.done_date)
                     FROM marketing_participant p, %s AND p.id = t.participant_id
                 GROUP BY t.branch""",
                took,
            )
        counts = SQL("('person', 'machine')") if self._counts_machines(metric) else SQL("('person')")
        return SQL(
            # of each participant the messages by their unique key, of each message the events by its trace
            """
            SELECT branch, count(*), count(*) FILTER (WHERE happened)
              FROM (SELECT t.branch, bool_or(EXISTS (SELECT 1 FROM marketing_trace_event e
                                                      WHERE e.trace_id = m.id AND e.event = %(event)s
                                                        AND e.counted_as IN %(counts)s)) AS happened
                      FROM unnest(%(branches)s, %(messages)s) AS first (branch, activity_id)
                      JOIN marketing_trace m ON m.activity_id = first.activity_id, %(took)s
                       AND t.branch = first.branch AND m.participant_id = t.participant_id
                       AND m.sent_date <= %(ripe)s
                  GROUP BY t.branch, t.participant_id) AS counted
          GROUP BY branch
            """,
            took=took,
            counts=counts,
            **values,
        )

    def _counts_machines(self, metric):
        return metric == "opened" and self.campaign_id.count_machine_opens

    def _tell_winner(self):
        """Tell who is responsible for the campaign, as that person wishes to be told."""
        user = self.campaign_id.user_id or self.campaign_id.run_as_id
        if not user:
            return
        split = self.with_context(lang=user.lang)
        link = Markup('<a href="/mail/view?model=marketing.campaign&amp;res_id=%s">%s</a>')
        self.env["mail.thread"].with_context(mail_notify_force_send=False, lang=user.lang).message_notify(
            partner_ids=user.partner_id.ids,
            subject=split.env._(
                "%(campaign)s: “%(activity)s” is decided", campaign=self.campaign_id.name, activity=self.name
            ),
            body=Markup("<p>%s</p><p>%s</p>")
            % (split._get_verdict(), link % (self.campaign_id.id, self.campaign_id.name)),
            email_layout_xmlid="mail.mail_notification_light",
            notify_author=True,
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger_after_commit()

    # ------------------------------------------------------------
    # By hand
    # ------------------------------------------------------------

    def _get_running_branches(self):
        """Return the branches of the split as it runs."""
        workflow = self.campaign_id.sudo()._get_workflow() if self.campaign_id.sudo().workflow else None
        step = workflow and workflow.steps.get(self._origin.id)
        return [branch for branch, _weight in step.settings.get("weights", ())] if step else []

    def _check_may_choose(self):
        self.ensure_one()
        self.check_access("write")
        if self.campaign_state != "running":
            raise UserError(_("The campaign does not run: nobody comes to “%s”.", self.name))

    def _choose_winner(self, branch):
        """Have everybody take a branch, as a marketer has decided.

        :raise UserError: where the campaign does not run, or not with this branch
        """
        self._check_may_choose()
        if branch._get_key() not in self._get_running_branches():
            raise UserError(_("“%(branch)s” does not run yet: press Update first.", branch=branch.name))
        # sudo: only the engine writes these; the user may write the split
        self.sudo().write(
            {"winner_branch_id": branch.id, "winner_date": fields.Datetime.now(), "winner_probability": 0}
        )

    def action_clear_winner(self):
        """Have people go on by the weights again, and compare the branches anew.

        :raise UserError: where the campaign does not run
        """
        self._check_may_choose()
        self.sudo()._begin_experiment(fields.Datetime.now())  # sudo: see _choose_winner
