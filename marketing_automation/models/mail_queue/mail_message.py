from odoo import _, api, models
from odoo.exceptions import AccessError

# What a mail takes from its message as it is sent.
SENT_FIELDS = frozenset(
    ("attachment_ids", "email_from", "mail_server_id", "message_id", "record_alias_domain_id", "reply_to", "subject")
)


class MailMessage(models.Model):
    _inherit = "mail.message"

    def write(self, vals):
        if not SENT_FIELDS.isdisjoint(vals):
            self._check_no_waiting_marketing_mail()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_marketing_mail_waits(self):
        self._check_no_waiting_marketing_mail()

    def _check_no_waiting_marketing_mail(self):
        """Leave a campaign's email alone that waits to be sent.

        Whoever may write a record may write and delete its messages, and an email goes with its message.

        :raise AccessError:
        """
        if self.env.su:
            return
        domain = [
            ("mail_message_id", "in", self.ids),
            ("marketing_trace_id", "!=", False),
            ("state", "=", "outgoing"),
        ]
        mail = self.env["mail.mail"].sudo().search(domain, limit=1)
        if mail:
            raise AccessError(
                _(
                    "“%s” is an email of a campaign that waits to be sent: it can be neither changed nor deleted. "
                    "To keep it from being sent, ask an administrator to cancel it in the queue of emails.",
                    mail.subject,
                )
            )
