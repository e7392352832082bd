from odoo import models


class MailingContact(models.Model):
    _inherit = "mailing.contact"

    def _filter_opted_out(self):
        """Return those who have opted out of a list and are subscribed to no other."""
        subscriptions = self.subscription_ids
        opted_out = subscriptions.filtered("opt_out").contact_id
        return (self & opted_out) - subscriptions.filtered(lambda subscription: not subscription.opt_out).contact_id

    def _marketing_subscribe(self, list_id):
        """Subscribe these contacts to a mailing list; who had opted out of it is in again.

        :param int list_id: id of a mailing.list
        """
        subscriptions = self.env["mailing.subscription"].search(
            [("contact_id", "in", self.ids), ("list_id", "=", list_id)]
        )
        subscriptions.filtered("opt_out").opt_out = False
        missing = self - subscriptions.contact_id
        self.env["mailing.subscription"].create([{"contact_id": contact.id, "list_id": list_id} for contact in missing])
