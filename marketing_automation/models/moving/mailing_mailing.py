from odoo import api, models


class MailingMailing(models.Model):
    _name = "mailing.mailing"
    _inherit = ["marketing.moving.mixin", "mailing.mailing"]

    @api.model
    def _get_moving_fields(self):
        """Return what a file has of a template: what its recipients get, and how. Its attachments are apart."""
        names = {
            *self._get_marketing_text_fields(),
            *self._get_marketing_setting_fields(),
            *("mailing_type", "body_arch", "reply_to_mode", "lang", "marketing_confirm_click", "marketing_confirm_url"),
        }
        return sorted(names)
