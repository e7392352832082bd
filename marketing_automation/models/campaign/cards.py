"""What the workflow on the campaign's form shows: all of it by one call, which it repeats while it runs."""

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..activity.statistics import PERIODS
from ..guards.marketing_checked_mixin import shorten


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    # no help: the form would show it as a tooltip over the whole tree
    workflow_cards = fields.Json(compute="_compute_workflow_cards")

    def _compute_workflow_cards(self):
        for campaign in self:
            saved = campaign._origin  # while its form is edited, the cards show what is saved
            campaign.workflow_cards = bool(saved) and saved.get_workflow_cards()

    def get_workflow_cards(self, period="month"):
        """Return what the workflow shows of each activity, with a number of queries that is the same for all.

        :param str period: of the graphs: ``month``, the last 30 days, or ``life``
        :raise UserError: for another period
        """
        self.ensure_one()
        self.check_access("read")
        if period not in PERIODS:
            raise UserError(_("A graph shows a month or the whole life of a campaign, not “%s”.", shorten(period)))
        activities = self.marketing_activity_ids
        series = activities._get_daily_numbers(period)
        days = [day for states in series.values() for numbers in states.values() for day in numbers]
        today = fields.Date.context_today(self)
        month_ago = fields.Date.to_string(fields.Date.subtract(today, days=30))
        reasons = activities._get_error_reasons()
        branches = activities._get_branch_numbers()
        goals = activities._get_goal_numbers()
        experiments = activities._get_experiment_cards(branches, goals)
        left_out = activities._get_left_out_numbers()
        waiting = {**activities._get_waiting_labels(fields.Datetime.now()), **activities._get_held_labels()}
        removed = self.env["marketing.activity"].search_count(
            [("campaign_id", "=", self.id), ("active", "=", False), ("trace_ids.is_test", "=", False)]
        )
        return {
            "state": self.state,
            "can_write": self.has_access("write"),
            "model_name": self.model_name,
            "participants": {
                "total": self.total_participant_count,
                "people": self.people_count,
                "running": self.running_participant_count,
                "completed": self.completed_participant_count,
                "removed": self.total_participant_count
                - self.running_participant_count
                - self.completed_participant_count,
            },
            "entries": self._get_entry_cards(),
            "held_up": self._describe_held_up(fields.Datetime.now()),
            "next_due": self._get_shown_due_date(),
            "health": self._get_health() if self.state == "running" else False,
            "removed_count": removed,
            "first_day": min(days, default=month_ago) if period == "life" else month_ago,
            "last_day": fields.Date.to_string(today),
            "errors": self._sum_reasons(reasons),
            "checklist": self.get_checklist() if self.state != "running" else [],
            "cards": [
                dict(
                    activity._get_card(series[activity.id], reasons.get(activity.id, []), branches, goals),
                    experiment=experiments.get(activity.id, False),
                    left_out=left_out.get(activity.id, []),
                    waiting=waiting.get(activity.id, ""),
                )
                for activity in activities
            ],
        }

    def _get_shown_due_date(self):
        """Return when the next step of a participant is due (UTC), of a campaign that runs."""
        if self.state != "running":
            return False
        [[date]] = self.env.execute_query(
            SQL(
                """SELECT min(schedule_date) FROM marketing_trace
                    WHERE campaign_id = %s AND state = 'scheduled' AND is_test IS NOT TRUE""",
                self.id,
            )
        )
        return fields.Datetime.to_string(date) if date else False

    def _sum_reasons(self, reasons):
        totals = {}
        for activity_reasons in reasons.values():
            for words, count in activity_reasons:
                totals[words] = totals.get(words, 0) + count
        return sorted(totals.items(), key=lambda item: -item[1])

    def action_view_removed(self):
        """Open the activities that were removed and have a history."""
        self.ensure_one()
        return {
            "name": _("Removed Activities"),
            "type": "ir.actions.act_window",
            "res_model": "marketing.activity",
            "views": [
                (self.env.ref("marketing_automation.marketing_activity_view_list").id, "list"),
                (self.env.ref("marketing_automation.marketing_activity_view_form").id, "form"),
            ],
            "domain": [("campaign_id", "=", self.id), ("active", "=", False), ("trace_ids.is_test", "=", False)],
            "context": {"active_test": False, "create": False},
        }
