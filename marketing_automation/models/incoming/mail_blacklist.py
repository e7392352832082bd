"""Who is not to be mailed any more: what waits for that address ends at once, in every campaign."""

from odoo import api, models


class MailBlacklist(models.Model):
    _inherit = "mail.blacklist"

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries.filtered("active")._end_marketing_messages()
        return entries

    def write(self, vals):
        res = super().write(vals)
        if vals.get("active") or "email" in vals:
            self.filtered("active")._end_marketing_messages()
        return res

    def _end_marketing_messages(self):
        self.env["marketing.trace"].sudo()._block_addresses(self.mapped("email"))
