from odoo import api, fields, models

from .caps import CAP_KEY, DAYS, DAYS_KEY, MAILINGS_KEY, MODE_KEY


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_automation_cap_mail_on = fields.Boolean(
        string="Emails to One Address", config_parameter=f"{CAP_KEY}mail_on"
    )
    marketing_automation_cap_mail = fields.Integer(
        string="Emails at Most", config_parameter=f"{CAP_KEY}mail", default=3
    )
    marketing_automation_cap_days = fields.Integer(string="Days of the Limit", config_parameter=DAYS_KEY, default=DAYS)
    marketing_automation_cap_mode = fields.Selection(
        [("wait", "Wait until there is room"), ("skip", "Are not sent")],
        string="Messages beyond It",
        config_parameter=MODE_KEY,
        default="wait",
        required=True,
    )
    marketing_automation_cap_mailings = fields.Boolean(
        string="Count the mailings of Email Marketing too", config_parameter=MAILINGS_KEY
    )

    @api.model
    def _get_cap_channels(self):
        """Extension point: of what there may be a limit: ``mail``, ``sms``."""
        return ["mail"]

    def _check_caps(self):
        """Refuse limits that are none, in words."""
        parameters = self.env["ir.config_parameter"]
        channels = [name for name in self._get_cap_channels() if self[f"marketing_automation_cap_{name}_on"]]
        for channel in channels:
            parameters._check_cap(f"{CAP_KEY}{channel}", str(self[f"marketing_automation_cap_{channel}"]))
        if channels:
            parameters._check_cap(DAYS_KEY, str(self.marketing_automation_cap_days))

    def _read_caps(self):
        return {name: self.env["marketing.campaign"]._get_cap(name) for name in self._get_cap_channels()}

    def _apply_caps(self, before):
        """Count what was sent before, where a limit is new or looks back further, and have who waits ask again.

        :param dict before: the limits as they were, by channel
        """
        after = self._read_caps()
        for channel, cap in after.items():
            if cap and (not before[channel] or cap.days > before[channel].days):
                self.env["marketing.campaign"]._begin_counting(channel)
        if after != before:
            # sudo: who may change Settings does; the engine's rows
            self.env["marketing.trace"].sudo()._ask_all_again()
