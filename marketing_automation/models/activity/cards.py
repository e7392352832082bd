from odoo import _, models

from .statistics import BRANCH, MACHINE_EVENTS, SELDOM


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_card(self, series, reasons, branches, goals=None):
        """Return what the card of this activity shows.

        :param dict series: its numbers by state and day
        :param list reasons: why steps of it failed, with how often
        :param dict branches: how many went on at each branch, by activity id and branch
        :param dict goals: how many reached the goal after it, see ``_get_goal_numbers``
        """
        self.ensure_one()
        chip, tone = self._get_badge()
        labels = self._get_metric_labels()
        if self._asks_to_confirm():
            labels = {**labels, "click": _("Confirmed")}
        described = self._get_type()
        metrics = described.numbers
        if metrics is None:
            metrics = ["sent", *self._get_type_events(self.activity_type)] if described.sends else []
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
            "icon": described.icon,
            "group": described.group,
            "chip": chip,
            "tone": tone,
            "sentence": self.sentence,
            "expiry": expiry,
            "does": self.action_description or _capitalize(self._get_phrase()),
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
            ]
            + [
                {"name": f"{BRANCH}{branch}", "label": label, "count": branches[self.id, branch]}
                for branch, label in self._get_branch_labels().items()
            ]
            + self._get_goal_metrics(self._get_goal_numbers() if goals is None else goals),
            **self._ask_type("card", default={}),
            "series": series,
            "way": self._get_way(),
            "ways": self._get_ways(),
            "start_errors": self._get_start_errors(),
            "mail": self._get_mail_preview(),
        }

    def _get_mail_preview(self):
        """Return what the card shows of this activity's message; False for an activity without one.

        :rtype: dict | bool
        """
        has_message = self._get_type().sends and self.mass_mailing_id
        return has_message and self.mass_mailing_id._get_marketing_preview()


def _capitalize(words):
    return words and words[:1].upper() + words[1:]
