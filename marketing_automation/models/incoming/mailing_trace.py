import logging
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import email_normalize

from ...mail_reports import ACCEPTED as MAIL_ACCEPTED
from ...mail_reports import AUTOMATIC, COMPLAINT, RECEIPT

_logger = logging.getLogger(__name__)

# so long after a message a complaint that names none is taken to be about it
UNNAMED_COMPLAINT = timedelta(days=7)


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    @api.model
    def _record_unsubscription(self, mailing, res_id, email):
        """Record that the recipient of a campaign's message has unsubscribed by it, once.

        :param mailing: the mailing.mailing, of a campaign or not
        :param res_id: the id of the record, as somebody sent it
        :param str email: the address
        """
        number = str(res_id or "")
        if not mailing.use_in_marketing_automation or not (number.isascii() and number.isdecimal()):
            return
        domain = [
            ("mass_mailing_id", "=", mailing.id),
            ("email", "=", email_normalize(email or "")),
            ("marketing_trace_id", "!=", False),
        ]
        traces = self.sudo().search(domain, order="id desc").filtered(lambda trace: str(trace.res_id) == number)[:1]
        known = self.env["marketing.trace.event"].sudo()
        if traces and not known.search_count(
            [("trace_id", "=", traces.marketing_trace_id.id), ("event", "=", "unsubscribe")], limit=1
        ):
            traces._record_marketing_event("unsubscribe", "link to unsubscribe")

    def _record_report(self, judgement):
        """Record what is reported of these messages of campaigns, except bounces, which Odoo records by itself.

        :param Judgement judgement: of the report
        """
        kinds = self.grouped(lambda trace: judgement.get_kind(trace.email))
        for kind, traces in kinds.items():
            if kind == MAIL_ACCEPTED:
                traces._record_marketing_event("sent", "delivery report")
            elif kind == RECEIPT:
                traces.set_opened()
            elif kind == AUTOMATIC:
                traces._record_marketing_event("auto_answer", "incoming mail")
            elif kind == COMPLAINT:
                traces._take_complaint(judgement)

    def _take_complaint(self, judgement):
        """Record that the recipients call these messages spam, and mail them no more.

        :param Judgement judgement: of the report; where it names no message, it may be about an older one than the last
        """
        since = fields.Datetime.now() - UNNAMED_COMPLAINT
        told = self.filtered(lambda trace: trace.message_id in judgement.message_ids or trace.sent_datetime >= since)
        told._record_marketing_event("complaint", "incoming mail")
        for trace in self - told:
            _logger.warning("A complaint of %s names no message: the address is blocklisted.", trace.email)
        blacklist = self.env["mail.blacklist"].sudo()
        for trace in self:
            address = email_normalize(trace.email or "")
            if address and not trace._is_of_marketing_test():
                blacklist._add(address, message=_("“%s” was called spam.", trace.mass_mailing_id.subject))
