"""What the workflow on the campaign's form shows: all of it by one call, which it repeats while it runs."""

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .checked_values import shorten
from .marketing_activity_statistics import MACHINE_EVENTS, PERIODS, SELDOM


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    # no help: the form would show it as a tooltip over the whole tree
    workflow_cards = fields.Json(compute="_compute_workflow_cards")

    def _compute_workflow_cards(self):
        for campaign in self:
            campaign.workflow_cards = bool(campaign.ids) and campaign.get_workflow_cards()

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
        left_out = activities._get_left_out_numbers()
        waiting = activities._get_waiting_labels(fields.Datetime.now())
        removed = self.env["marketing.activity"].search_count(
            [("campaign_id", "=", self.id), ("active", "=", False), ("trace_ids.is_test", "=", False)]
        )
        return {
            "state": self.state,
            "can_write": self.has_access("write"),
            "model_name": self.model_name,
            "participants": {
                "total": self.total_participant_count,
                "running": self.running_participant_count,
                "completed": self.completed_participant_count,
                "removed": self.total_participant_count
                - self.running_participant_count
                - self.completed_participant_count,
            },
            "next_due": self._get_shown_due_date(),
            "health": self._get_health() if self.state == "running" else False,
            "removed_count": removed,
            "first_day": min(days, default=month_ago) if period == "life" else month_ago,
            "last_day": fields.Date.to_string(today),
            "errors": self._sum_reasons(reasons),
            "checklist": self.get_checklist() if self.state != "running" else [],
            "cards": [
                dict(
                    activity._get_card(series[activity.id], reasons.get(activity.id, [])),
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


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_card(self, series, reasons):
        """Return what the card of this activity shows.

        :param dict series: its numbers by state and day
        :param list reasons: why steps of it failed, with how often
        """
        self.ensure_one()
        chip, tone = self._get_chip()
        labels = self._get_metric_labels()
        if self._asks_to_confirm():
            labels = {**labels, "click": _("Confirmed")}
        metrics = []
        if self.activity_type in self._get_message_types():
            metrics = ["sent", *self._get_type_events(self.activity_type)]
            # what seldom happens is no number of each card
            metrics = [name for name in metrics if name not in SELDOM or self[f"total_{name}"]]
        expiry = False
        if self.validity_duration:
            expiry = self._get_duration_label(self.validity_duration_number, self.validity_duration_type)
        return {
            "id": self.id,
            "parent_id": self.parent_id.id,
            "name": self.name,
            "type": self.activity_type,
            "type_label": self._get_label("activity_type"),
            "icon": self._get_type_icons().get(self.activity_type, "fa-bolt"),
            "chip": chip,
            "tone": tone,
            "sentence": self.sentence,
            "expiry": expiry,
            "does": self.action_description,
            "activity_domain": self.activity_domain or "[]",
            "domain": self.domain or "[]",
            "processed": self.processed,
            "rejected": self.rejected,
            "scheduled": self.scheduled_count,
            "errors": self.error_count,
            "error_reasons": reasons[:3],
            "metrics": [
                {
                    "name": name,
                    "label": labels[name],
                    "count": self[f"total_{name}"],
                    **({"machines": self[f"total_machine_{name}"]} if name in MACHINE_EVENTS else {}),
                }
                for name in metrics
            ],
            "series": series,
            "child_triggers": self._get_child_triggers(),
            "start_errors": self._get_start_errors(),
            "mail": self._get_mail_preview(),
        }

    def _get_mail_preview(self):
        """Return what the card shows of this activity's message; False for an activity without one.

        :rtype: dict | bool
        """
        has_message = self.activity_type in self._get_message_types() and self.mass_mailing_id
        return has_message and self.mass_mailing_id._get_marketing_preview()
