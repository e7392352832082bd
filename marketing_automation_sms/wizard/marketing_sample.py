from uuid import uuid4

from odoo import _, api, models
from odoo.exceptions import UserError

# In a sample's link to unsubscribe, where a message has its own code of three characters: a sample leaves no trace
SAMPLE_CODE = "sample"


class MarketingSample(models.TransientModel):
    _inherit = "marketing.sample"

    def _get_own_address(self):
        if self.mailing_type == "sms":
            return self.env.user.partner_id.phone_sanitized or False
        return super()._get_own_address()

    @api.private
    def _send_sms(self, record):
        """Send the sample of a text message, through Odoo's provider; see :meth:`_send_mail`."""
        mailing = self.mailing_id
        numbers = [number.strip() for number in (self.recipient or "").split(",") if number.strip()]
        if not numbers:
            raise UserError(_("Enter the phone number to which the sample is to be sent."))
        if record:
            body = mailing._render_field("body_plaintext", record.ids, compute_lang=False)[record.id]
        else:  # nobody is there yet from whom the placeholders could be filled in
            body = mailing._get_readable_text(mailing.body_plaintext)
        if mailing.sms_allow_unsubscribe:
            composer = self.env["sms.composer"]
            link = composer._get_unsubscribe_url(mailing.id, SAMPLE_CODE)
            body = f"{body}\n{composer._get_unsubscribe_info(link)}"
        values = []
        for number in numbers:
            sanitized = self.env.user._phone_format(number=number)
            if not sanitized:
                raise UserError(
                    _("“%s” is not a phone number: write it with its country code, as +32 456 00 00 00.", number)
                )
            values.append({"number": sanitized, "uuid": uuid4().hex, "body": body})
        # as Odoo's own dialog: who may write mailings may send samples, and has no right to text messages
        messages = self.env["sms.sms"].sudo().create(values)
        messages.send(unlink_failed=False, unlink_sent=False)
        failed = messages.filtered(lambda sms: sms.state not in ("pending", "sent"))
        if failed:
            labels = dict(failed._fields["failure_type"]._description_selection(self.env))
            reason = labels.get(failed[0].failure_type) or _("the provider gave no reason.")
            raise UserError(
                _("The sample could not be sent to %(number)s: %(reason)s", number=failed[0].number, reason=reason)
            )
        return [sms.number for sms in messages]
