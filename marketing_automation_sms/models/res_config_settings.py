from odoo import api, fields, models

from odoo.addons.marketing_automation.models.sending.caps import CAP_KEY


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_automation_cap_sms_on = fields.Boolean(string="SMS to One Number", config_parameter=f"{CAP_KEY}sms_on")
    marketing_automation_cap_sms = fields.Integer(string="SMS at Most", config_parameter=f"{CAP_KEY}sms", default=2)

    @api.model
    def _get_cap_channels(self):
        return [*super()._get_cap_channels(), "sms"]
