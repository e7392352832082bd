"""The line of a step in the funnel of its campaign."""

from odoo import models

from ..activity.statistics import BRANCH, EVENTS
from ..counters.triggers import LEFT_OUT

STATES = ("scheduled", "rejected", "canceled", "error")


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_funnel_step(self, depth, counted, goals):
        """Return what the funnel tells of this activity.

        *Came*: how many were to get the step, whatever became of it. *Stopped*: who did not match its filter, got no
        message, or for whom it failed.

        :param int depth: how many steps lie above it
        :param Counter counted: see ``_get_counted_numbers``, with what is summed up
        :param Counter goals: see ``_get_goal_numbers``
        """
        self.ensure_one()
        labels = dict(self.env["marketing.trace"]._fields["state"]._description_selection(self.env))
        numbers = {state: counted[self.id, state] for state in ("processed", *STATES)}
        left_out = sum(
            number for (id_, metric), number in counted.items() if id_ == self.id and metric.startswith(LEFT_OUT)
        )
        came = sum(numbers.values())
        described = self._get_type()
        lines = [
            {"metric": state, "label": labels[state], "count": numbers[state], "of": came}
            for state in STATES
            if numbers[state]
        ]
        if described.sends:
            lines += self._get_funnel_messages()
        for branch, label in self._get_branch_labels().items():
            chosen = counted[self.id, f"{BRANCH}{branch}"]
            lines.append({"metric": f"{BRANCH}{branch}", "label": label, "count": chosen, "of": numbers["processed"]})
            if self.campaign_id.has_goal:
                goal = {"metric": f"goal:{branch}", "label": self._get_goal_label(label)}
                lines.append({**goal, "count": goals[self.id, branch], "of": chosen})
        if self.campaign_id.has_goal and not self._get_branch_labels():
            goal = {"metric": "goal", "label": self._get_goal_label()}
            lines.append({**goal, "count": goals[self.id, None], "of": numbers["processed"]})
        return {
            "id": self.id,
            "name": self.name,
            "icon": described.icon,
            "type_label": self._get_label("activity_type"),
            "when": self._get_badge()[0],
            "depth": depth,
            "came": came,
            "processed": numbers["processed"],
            "stopped": numbers["rejected"] + numbers["error"] + left_out,
            "numbers": lines,
        }

    def _get_funnel_messages(self):
        """Return what became of the messages of this activity, complaints and unsubscriptions included."""
        labels = self._get_metric_labels()
        events = [event for event in EVENTS if event in self._get_type_events(self.activity_type)]
        sent = [{"metric": "sent", "label": labels["sent"], "count": self.total_sent, "of": 0}]
        return sent + [
            {"metric": event, "label": labels[event], "count": self[f"total_{event}"], "of": self.total_sent}
            for event in events
        ]
