from odoo import models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def unlink(self):
        """Forget the person with the record, at once: also of campaigns that are stopped, and for Privacy Lookup.

        Emails that wait go with the record, which the database deletes without a word.
        """
        res_ids = self.ids
        participants = self.env["marketing.participant"].sudo()._find_of_records(self._name, res_ids)
        participants._withdraw_messages()
        res = super().unlink()
        participants._forget()
        return res
