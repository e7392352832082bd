from odoo import models


class MailingContact(models.Model):
    _inherit = "mailing.contact"

    def _filter_opted_out(self):
        """Return those who have opted out of a list and are subscribed to no other."""
        subscriptions = self.subscription_ids
        opted_out = subscriptions.filtered("opt_out").contact_id
        return (self & opted_out) - subscriptions.filtered(lambda subscription: not subscription.opt_out).contact_id
