from odoo import _, api, models
from odoo.exceptions import ValidationError


class BaseAutomation(models.Model):
    """Automation rules on what the engine of campaigns writes by SQL: nothing tells them of it."""

    _inherit = "base.automation"

    @api.constrains("trigger", "model_id", "trg_date_id")
    def _check_sees_campaigns(self):
        """Refuse a rule that would never run."""
        for rule in self:
            model = self.env.get(rule.model_name)
            if getattr(model, "_written_by_engine", False) and not rule._looks_for_records():
                raise ValidationError(
                    _(
                        "The automation rule “%(rule)s” would never run: campaigns write each “%(model)s” past Odoo's "
                        "automation rules. Add a server action to the workflow of the campaign instead, or base the "
                        "rule on a date field.",
                        rule=rule.name,
                        model=rule.model_id.name,
                    )
                )

    def _looks_for_records(self):
        """Tell whether this rule finds its records itself, where others wait for Odoo to tell of a change.

        Nor does the engine keep the date of the last update.
        """
        if self.trigger in ("on_time", "on_time_created"):
            return self.trg_date_id.name not in (False, "write_date")
        return self.trigger == "on_webhook"
