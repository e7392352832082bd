"""How long a step waits for what did not happen: people need some time to open a mail, click or answer."""

from odoo import _, api, fields, models

PROPOSED = {"interval_number": 2, "interval_type": "days"}
UNTOUCHED = {"interval_number": 0, "interval_type": "hours"}
SHORTEST = 4  # hours


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    wait_warning = fields.Text(compute="_compute_wait_warning")

    @api.depends("name", "trigger_type", "interval_number", "interval_type", "parent_id.name")
    @api.depends_context("lang")
    def _compute_wait_warning(self):
        for activity in self:
            activity.wait_warning = "\n".join(activity._get_wait_warnings())

    def _propose_wait(self):
        if self._awaits_what_does_not_happen() and all(self[name] == value for name, value in UNTOUCHED.items()):
            self.update(PROPOSED)

    def _get_wait_warnings(self):
        if (
            self._awaits_what_does_not_happen()
            and (self.interval_number < SHORTEST if self.interval_type == "hours" else not self.interval_number)
            and self.parent_id
        ):
            return [
                _(
                    "“%(activity)s” waits for less than %(hours)s hours: few have read “%(parent)s” by then. Two days "
                    "are usual.",
                    activity=self.name or _("The activity"),
                    hours=SHORTEST,
                    parent=self.parent_id.name,
                )
            ]
        return []

    def _awaits_what_does_not_happen(self):
        """Tell whether the trigger is that something has not happened when the time is over."""
        trigger = self._get_triggers().get(self.trigger_type)
        return bool(trigger and trigger.negative)
