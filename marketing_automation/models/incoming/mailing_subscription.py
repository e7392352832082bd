from odoo import api, models


class MailingSubscription(models.Model):
    _inherit = "mailing.subscription"

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions.filtered("opt_out")._end_marketing_messages()
        return subscriptions

    def write(self, vals):
        res = super().write(vals)
        if vals.get("opt_out"):
            self._end_marketing_messages()
        return res

    def _end_marketing_messages(self):
        """Have what waits for these contacts end, in the campaigns that are for what they have opted out of."""
        contacts = self.sudo().contact_id._with_same_address()
        domain = [("state", "in", ("running", "stopped")), ("model_name", "=", "mailing.contact")]
        for campaign in self.env["marketing.campaign"].sudo().search(domain) if contacts else ():
            opted_out = contacts._filter_opted_out(campaign._get_readable_lists())
            traces = self.env["marketing.trace"].sudo()
            traces._block_messages("mailing.contact", opted_out.ids, "mail_optout", campaigns=campaign)
