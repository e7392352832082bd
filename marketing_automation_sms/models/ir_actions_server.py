from odoo import _, models


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    def _get_marketing_problems_sms(self):
        return [] if self.sms_template_id else [_("The SMS template that it sends was deleted.")]

    def _get_marketing_template_digests(self):
        return {**super()._get_marketing_template_digests(), **self._digest_templates("sms_template_id")}
