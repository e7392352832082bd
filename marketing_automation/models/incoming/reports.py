"""What servers and mail programs report of campaigns' messages, in place of what Odoo makes of it.

Odoo takes each ``multipart/report``, each mail from a mailer-daemon and each mail to the bounce address for a bounce.
That stays so for ordinary mailings.
"""

import codecs
import logging

import psycopg2

from odoo import api, models
from odoo.tools import email_normalize

from ...engine.context import GATEWAY_KEY, Gateway
from ...mail_reports import BOUNCE, COMPLAINT, REPLY, UNREADABLE, judge

_logger = logging.getLogger(__name__)

COMPLAINT_ADDRESSES = "marketing_automation.complaint_addresses"
# what Odoo gets where there is nothing to bounce: it routes the mail nowhere
NO_BOUNCE = {"bounced_email": False, "bounced_msg_ids": False}


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    # ------------------------------------------------------------
    # What a message is
    # ------------------------------------------------------------

    @api.model
    def _judge_incoming(self, message, is_returned=False):
        """Return what an incoming message is.

        :param email.message.EmailMessage message:
        :param bool is_returned: whether it may have come to one of our addresses for bounces
        :rtype: odoo.addons.marketing_automation.mail_reports.Judgement
        """
        complaints = self.env["ir.config_parameter"].sudo().get_param(COMPLAINT_ADDRESSES, "")
        complaint_addresses = [address.strip() for address in complaints.split(",")]
        bounce_addresses = []
        if is_returned:
            domain = [("bounce_alias", "!=", False)]
            bounce_addresses = self.env["mail.alias.domain"].sudo().search(domain).mapped("bounce_email")
        return judge(message, bounce_addresses, complaint_addresses)

    @api.model
    def _find_marketing_messages(self, message_ids):
        """Return the messages of campaigns with these Message-Ids."""
        domain = [("message_id", "in", list(message_ids)), ("marketing_trace_id", "!=", False)]
        traces = self.env["mailing.trace"].sudo()
        return traces.search(domain) if message_ids else traces

    @api.model
    def _find_reported_messages(self, judgement):
        """Return the messages of campaigns that a report is about.

        A complaint that names none is about the last one that its address got, if that was a campaign's.
        """
        traces = self._find_marketing_messages(judgement.message_ids)
        if traces or judgement.kind != COMPLAINT:
            return traces
        for address in filter(None, {recipient.address for recipient in judgement.recipients}):
            domain = [("email", "=", address), ("sent_datetime", "!=", False), ("trace_type", "=", "mail")]
            traces += traces.search(domain, order="sent_datetime desc, id desc", limit=1)
        return traces.filtered("marketing_trace_id")

    # ------------------------------------------------------------
    # Odoo's gateway
    # ------------------------------------------------------------

    @api.model
    def message_parse(self, message, save_original=False):
        """Read a report even where Odoo cannot: it would come again and again, and keep others waiting."""
        try:
            return super().message_parse(message, save_original=save_original)
        except psycopg2.Error:
            raise
        except Exception:
            judgement = self._judge_incoming(message, is_returned=True)
            is_report = judgement.is_report or judgement.kind == UNREADABLE
            if not is_report and not self._find_reported_messages(judgement):
                raise
            if self._mend_charsets(message):
                return super().message_parse(message, save_original=save_original)
            if not is_report:
                raise
            _logger.warning("A report could not be read by Odoo: %s", judgement, exc_info=True)
            return self._prepare_unread_report(judgement)

    @api.model
    def _mend_charsets(self, message):
        """Replace the names of character sets that Python does not know, with which Odoo cannot read a part.

        :return: whether there were any
        """
        mended = False
        for part in message.walk():
            charset = part.get_content_charset() if part.get_content_maintype() == "text" else None
            try:
                codecs.lookup(charset or "utf-8")
            except (LookupError, ValueError):
                part.set_param("charset", "utf-8")
                mended = True
        return mended

    @api.model
    def _prepare_unread_report(self, judgement):
        """Return what Odoo's gateway needs of a report: enough to hand it to :meth:`_routing_handle_bounce`."""
        values = dict.fromkeys(
            ("message_id", "email_from", "from", "to", "cc", "recipients", "references", "in_reply_to", "body"), ""
        )
        values.update(attachments=[], message_type="email")
        return values | self._prepare_bounce(judgement, self._find_reported_messages(judgement))

    @api.model
    def _message_parse_extract_bounce(self, email_message, message_dict):
        """Have what is reported of campaigns' messages be what it is, not a bounce in any case."""
        error = None
        try:
            values = super()._message_parse_extract_bounce(email_message, message_dict)
        except psycopg2.Error:
            raise
        except Exception as raised:
            values, error = {"is_bounce": True}, raised
        judgement = self._judge_incoming(email_message, is_returned=values["is_bounce"])
        ours = self.env["mailing.trace"]
        if values["is_bounce"] or judgement.is_report:
            ours = self._find_reported_messages(judgement)
        if ours and judgement.kind == REPLY:
            # to all, the bounce address among them
            return {"is_bounce": False}
        if ours or (error and judgement.kind in (UNREADABLE, BOUNCE)):
            return self._prepare_bounce(judgement, ours)
        if error:
            raise error
        return values

    @api.model
    def _prepare_bounce(self, judgement, traces):
        """Return what Odoo's gateway needs of a message that is to be routed nowhere, and maybe a bounce."""
        values = {
            **NO_BOUNCE,
            "is_bounce": True,
            "bounced_partner": self.env["res.partner"].sudo(),
            "bounced_message": self.env["mail.message"].sudo(),
        }
        bounced = traces.filtered(lambda trace: judgement.get_kind(trace.email) == BOUNCE)
        if not bounced:
            return values
        # the address that the message was sent to, whatever a server between made of it, and the record's is now
        address = email_normalize(bounced[0].email or "") or judgement.get_recipient().address
        message = values["bounced_message"].search([("message_id", "in", bounced.mapped("message_id"))], limit=1)
        record = self.env[bounced[0].model].sudo().browse(bounced[0].res_id).exists()
        is_moved = "email_normalized" in record._fields and record.email_normalized != address
        values.update(
            bounced_email=address,
            bounced_msg_ids=bounced.mapped("message_id"),
            bounced_partner=values["bounced_partner"].search([("email_normalized", "=", address or False)]),
            bounced_message=message.browse() if is_moved else message,
        )
        return values

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """Record what is reported of campaigns' messages; of others' Odoo does."""
        is_gateway = self._is_marketing_gateway()
        judgement = self._judge_incoming(email_message, is_returned=True)
        self = self.with_context(**{GATEWAY_KEY: Gateway(not is_gateway, judgement)})
        traces = self._find_reported_messages(judgement)
        if traces and is_gateway:
            traces._record_report(judgement)
        if judgement.kind == UNREADABLE:
            _logger.warning("An incoming mail could not be read: %s", judgement.decided_by)
        if traces and not any(judgement.get_kind(trace.email) == BOUNCE for trace in traces):
            return None
        return super()._routing_handle_bounce(email_message, message_dict)
