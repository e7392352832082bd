from odoo import api, models


class MailingList(models.Model):
    _inherit = "mailing.list"

    # A link to a mailing from this side is no write of the mailing.

    @api.model_create_multi
    def create(self, vals_list):
        lists = super().create(vals_list)
        if any("mailing_ids" in vals for vals in vals_list) or "default_mailing_ids" in self.env.context:
            lists.mailing_ids._check_marketing_campaign_access()
        return lists

    def write(self, vals):
        before = self.mailing_ids if "mailing_ids" in vals else None
        res = super().write(vals)
        if before is not None:
            ((before - self.mailing_ids) + (self.mailing_ids - before))._check_marketing_campaign_access()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_in_filter(self):
        self.env["marketing.campaign"]._check_not_in_filter(self)
