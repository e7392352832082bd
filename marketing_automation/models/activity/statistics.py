"""The numbers of an activity, per real participant: each by one query for all activities together."""

from collections import Counter
from datetime import date

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...engine.zones import day_starts
from ..guards.marketing_checked_mixin import shorten

PERIODS = ("month", "life")
EVENTS = ("open", "click", "reply", "bounce", "complaint", "unsubscribe")
SELDOM = ("complaint", "unsubscribe")
MACHINE_EVENTS = ("open", "click")
BRANCH = "branch:"  # begins the name of a number: how many went on at a branch
FIRST_DAY = date(2020, 1, 1)  # no campaign is older


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    processed = fields.Integer(string="Success", compute="_compute_statistics")
    rejected = fields.Integer(compute="_compute_statistics")
    scheduled_count = fields.Integer(string="Scheduled", compute="_compute_statistics")
    error_count = fields.Integer(string="Errors", compute="_compute_statistics")
    total_sent = fields.Integer(string="Sent", compute="_compute_statistics", help="Accepted by the server.")
    total_open = fields.Integer(string="Opened", compute="_compute_statistics")
    total_click = fields.Integer(string="Clicked", compute="_compute_statistics")
    total_reply = fields.Integer(string="Replied", compute="_compute_statistics")
    total_bounce = fields.Integer(string="Bounced", compute="_compute_statistics")
    total_complaint = fields.Integer(string="Complaints", compute="_compute_statistics", help="Called spam.")
    total_unsubscribe = fields.Integer(string="Unsubscribed", compute="_compute_statistics")
    total_waiting = fields.Integer(string="Waiting", compute="_compute_statistics", help="How many wait here now.")
    total_machine_open = fields.Integer(
        string="Opened by Machines",
        compute="_compute_statistics",
        help="Only proxies and scanners fetched the pictures: perhaps nobody saw the message.",
    )
    total_machine_click = fields.Integer(
        string="Clicked by Machines", compute="_compute_statistics", help="Only scanners have followed the links."
    )
    statistics_graph_data = fields.Json(compute="_compute_statistics_graph_data")

    def _compute_statistics(self):
        """Count, per real participant: see the user guide for what each number means."""
        counted, past = self._get_counted_numbers(), self._get_past_numbers()
        for activity in self:

            def count(metric, activity=activity):
                return counted[activity.id, metric] + past[activity.id, metric]

            activity.total_waiting = counted[activity.id, "waiting"]
            activity.processed = count("processed")
            activity.rejected = count("rejected")
            activity.scheduled_count = counted[activity.id, "scheduled"]
            activity.error_count = counted[activity.id, "error"]
            for metric in ("sent", *EVENTS, *(f"machine_{event}" for event in MACHINE_EVENTS)):
                activity[f"total_{metric}"] = count(metric)
            if activity.campaign_id.count_machine_opens:
                activity.total_open += activity.total_machine_open

    def _get_counted_numbers(self):
        """Return what the engine counts of these activities.

        :return: Counter by (activity id, metric)
        """
        counters = self.campaign_id._read_counters()
        return Counter({(activity_id, metric): number for (_id, activity_id, metric), number in counters.items()})

    def _get_branch_numbers(self):
        """Return how many participants each branch of these activities was chosen for.

        :return: Counter by (activity id, branch)
        """
        choosing = self.filtered(lambda activity: activity._get_branch_labels())
        if not choosing:
            return Counter()
        numbers = Counter()
        for (activity_id, metric), count in (choosing._get_counted_numbers() + choosing._get_past_numbers()).items():
            if metric.startswith(BRANCH):
                numbers[activity_id, metric.removeprefix(BRANCH)] += count
        return numbers

    def _get_past_numbers(self):
        """Return the sums of what is kept as figures alone (see ``retention/marketing_trace_figure.py``).

        :return: Counter by (activity id, metric)
        """
        rows = self.env["marketing.trace.figure"]._read_group(
            [("activity_id", "in", self.ids)], ["activity_id", "metric"], ["number:sum"]
        )
        return Counter({(activity.id, metric): number for activity, metric, number in rows})

    def _compute_statistics_graph_data(self):
        series = self._get_daily_numbers("month")
        for activity in self:
            activity.statistics_graph_data = {
                state: [{"x": day, "y": count} for day, count in days.items()]
                for state, days in series.get(activity._origin.id, {}).items()
            }

    def _get_daily_numbers(self, period):
        """Count successes and rejections by day, in the reader's zone.

        :param str period: ``month``, the last 30 days, or ``life``, since the first of them
        :return: by activity id and state, the number of each day (ISO) that has one, in order
        :rtype: dict[int, dict[str, dict[str, int]]]
        """
        series = {activity_id: {"processed": {}, "rejected": {}} for activity_id in self.ids}
        if not series:
            return series
        today = fields.Date.context_today(self)
        first = fields.Date.subtract(today, days=30) if period == "month" else min(FIRST_DAY, today)
        # not by PostgreSQL's zones, which may differ from those that dates are computed with
        starts = day_starts(self.env.user.tz or "UTC", first, fields.Date.add(today, days=1))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT activity_id, width_bucket(date, %(starts)s::timestamp[]), state, sum(number)::int FROM (
                       %(counted)s
                        UNION ALL
                       SELECT activity_id, date, metric, number FROM marketing_trace_figure
                        WHERE activity_id = ANY(%(ids)s) AND metric IN ('processed', 'rejected') AND date >= %(since)s
                       ) AS done (activity_id, date, state, number)
                 WHERE activity_id = ANY(%(ids)s)
              GROUP BY 1, 2, 3 HAVING sum(number) != 0 ORDER BY 1, 2
                """,
                counted=self.campaign_id._get_counted_dates_sql(starts[0]),
                starts=list(starts),
                ids=self.ids,
                since=starts[0],
            )
        )
        for activity_id, number, state, count in rows:
            series[activity_id][state][fields.Date.to_string(fields.Date.add(first, days=number - 1))] = count
        return series

    def _get_error_reasons(self):
        """Return why steps of these activities failed, the most frequent reason first.

        :return: by activity id, the reason in words and how often it came
        :rtype: dict[int, list[tuple[str, int]]]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT activity_id, end_code, left(end_params ->> 'detail', 500), count(*)
                     FROM marketing_trace
                    WHERE campaign_id = ANY(%s) AND activity_id = ANY(%s) AND state = 'error' AND is_test IS NOT TRUE
                 GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 1000""",
                self.campaign_id.ids,
                self.ids,
            )
        )
        reasons = {}
        for activity_id, code, detail, count in rows:
            words = self.env["marketing.trace"]._get_end_words(code, {"detail": detail})
            reasons.setdefault(activity_id, []).append((words, count))
        return reasons

    # ------------------------------------------------------------
    # The records behind a number
    # ------------------------------------------------------------

    def action_view_records(self, metric):
        """Open the participants that a number on the card counts.

        :param str metric: a state of a trace, or ``sent``, ``open``, ``click``, ``reply`` …
        :raise UserError: for another
        """
        self.ensure_one()
        labels = dict(self.env["marketing.trace"]._fields["state"]._description_selection(self.env))
        events = dict(self.env["marketing.trace.event"]._fields["event"]._description_selection(self.env))
        branches = {f"{BRANCH}{branch}": (branch, label) for branch, label in self._get_branch_labels().items()}
        trace_domain = [("activity_id", "=", self.id), ("is_test", "=", False)]
        domain = [("is_test", "=", False)]
        if goal := self._get_goal_domain(metric):
            conditions, labels[metric] = goal
            trace_domain += conditions
            domain.append(("goal_date", "!=", False))
        elif link := self._get_link_domain(metric):
            conditions, labels[metric] = link
            trace_domain += conditions
        elif isinstance(metric, str) and metric in labels:
            trace_domain.append(("state", "=", metric))
        elif metric == "sent":
            trace_domain.append(("sent_date", "!=", False))
        elif metric == "waiting":
            trace_domain += [("state", "=", "scheduled"), ("waiting_since", "!=", False)]
        elif isinstance(metric, str) and metric in branches:
            branch, labels[metric] = branches[metric]
            trace_domain.append(("branch", "=", branch))
        elif metric in EVENTS:
            is_counted = [("event", "=", metric)]
            if not (metric == "open" and self.campaign_id.count_machine_opens):
                is_counted.append(("origin", "!=", "machine"))
            trace_domain.append(("event_ids", "any", is_counted))
        else:
            raise UserError(_("There is no number called “%s”.", shorten(metric)))
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        return dict(
            action,
            display_name=f"{self.name}: {({**self._get_metric_labels(), **events, **labels})[metric]}",
            domain=[*domain, ("trace_ids", "any", trace_domain)],
            context={"marketing_of_campaign": True},
            help=self.campaign_id._get_empty_help(
                _("Nobody yet"), _("Whom this number of “%s” counts shows here.", self.name)
            ),
        )

    def action_view_errors(self):
        """Open the steps of this activity that failed, with their reasons."""
        self.ensure_one()
        action = self.campaign_id.action_view_errors()
        return dict(action, domain=[*action["domain"], ("activity_id", "=", self.id)])

    def action_retry_errors(self):
        """Try this activity's errors again, those of who has left excepted.

        :return: a notification that tells how many
        """
        self.ensure_one()
        return self.campaign_id._retry_errors(self)

    @api.model
    def _get_metric_labels(self):
        """Return what the numbers on a card are called, by metric."""
        return {
            "sent": _("Sent"),
            "waiting": _("Waiting"),
            "open": _("Opened"),
            "click": _("Clicked"),
            "reply": _("Replied"),
            "bounce": _("Bounced"),
            "complaint": _("Complaints"),
            "unsubscribe": _("Unsubscribed"),
        }
