from odoo import _, api, models

from .sms_sms_queue import UNKNOWN, WITHDRAWALS


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    def _get_end_reasons(self):
        """Add the failure types of Odoo's messages, whichever provider sends them, in its words or ours."""
        labels = self.env["mailing.trace"]._fields["failure_type"]._description_selection(self.env)
        return {
            **dict(labels),
            **super()._get_end_reasons(),
            # no message was made
            "sms_blacklist": _("The phone number is blocklisted."),
            "sms_optout": _("The recipient has opted out of text messages."),
            "sms_duplicate": _("The phone number got this step through another participant."),
            "sms_number_missing": _("There is no phone number."),
            "sms_number_format": _("The phone number is invalid."),
            # it failed
            "sms_credit": _("There is no SMS credit left."),
            "sms_acc": _("There is no SMS account yet: register one in Settings, then retry."),
            "sms_server": _("The SMS service did not answer, or failed. Retry later."),
            "sms_canceled": _("The SMS was cancelled before it was sent."),
            "sms_refused": _("The SMS provider refused the message"),
            UNKNOWN: _(
                "The SMS may or may not have been sent: the SMS service did not answer. It is not sent again by itself."
            ),
        }

    @api.model
    def _get_withdrawals(self):
        return super()._get_withdrawals() | {"sms_blacklist", *WITHDRAWALS.values()}

    @api.model
    def _get_unknown_failures(self):
        return [*super()._get_unknown_failures(), UNKNOWN]

    @api.model
    def _get_liftable_codes(self):
        return [*super()._get_liftable_codes(), "sms_blacklist", "sms_optout"]

    def _get_refusals(self):
        """Tell why a provider refused an SMS, from what Odoo noted last."""
        refusals = super()._get_refusals()
        types = self.env["marketing.activity"]._get_types()
        messages = self.filtered(lambda trace: types[trace.activity_id.activity_type].mailing_type == "sms")
        if not messages:
            return refusals
        for trace_id, status, failure_type, failure_reason in messages._get_last_messages():
            known = failure_type if failure_type != "unknown" else None
            code = "sms_canceled" if status == "cancel" else known or "sms_refused"
            refusals[trace_id] = ("error", code, {"detail": failure_reason} if failure_reason else None)
        return refusals

    def _retry(self, now):
        """Void the SMS of the last attempt: nobody can resend it beside the new one."""
        last = self.mailing_trace_ids.filtered(lambda trace: trace.trace_type == "sms")
        self.env["sms.sms"].search(
            [("id", "in", last.mapped("sms_id_int")), ("state", "in", ("outgoing", "error"))]
        ).write({"state": "canceled"})
        return super()._retry(now)
