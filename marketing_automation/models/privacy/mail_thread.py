from odoo import models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def unlink(self):
        """Forget the person with the record, at once: also of campaigns that are stopped, and for Privacy Lookup."""
        res_ids = self.ids
        res = super().unlink()
        if res_ids:
            self.env["marketing.participant"].sudo()._forget_records(self._name, res_ids)
        return res
