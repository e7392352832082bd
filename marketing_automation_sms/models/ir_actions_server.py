from odoo import _, api, models


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    def _get_marketing_problems_sms(self):
        return [] if self.sms_template_id else [_("The SMS template that it sends was deleted.")]

    def _get_marketing_template_digests(self):
        return {**super()._get_marketing_template_digests(), **self._digest_templates("sms_template_id")}

    def _get_marketing_records(self):
        return [self.sms_template_id] if self.state == "sms" else super()._get_marketing_records()

    def _describe_marketing_sms(self, names):
        if not self.sms_template_id:
            return ""
        pattern = _("Log the note %s") if self.sms_method == "note" else _("Send the text message %s")
        return pattern % self._name_marketing(self.sms_template_id, names)

    @api.model
    def _get_moving_kinds(self):
        return {**super()._get_moving_kinds(), "sms": ("sms_template_id", "sms_method")}
