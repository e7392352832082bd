"""The campaigns' SMS in Odoo's queue: who is not to get one any more, and a provider that does not answer.

A request that got no answer may have gone out. Odoo calls it a server error, upon which people send it again.
"""

from datetime import timedelta

import requests
from requests.exceptions import ConnectTimeout, HTTPError, InvalidJSONError, ProxyError, SSLError, Timeout
from urllib3.exceptions import NewConnectionError

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.marketing_automation.models.mail_queue.withdrawn import WITHDRAWN

UNKNOWN = "sms_unknown"
NO_ANSWER = "marketing_no_answer"  # the state of an SMS, as a provider would tell it
WITHDRAWALS = {"mail_optout": "sms_optout"}  # words of SMS for what emails have too
FEW, SILENCE = 5, timedelta(minutes=5)  # SMS of a request, as long as a provider may still be silent
UNAVAILABLE = 503  # the one error of a server that says that it has done nothing
SERVER_ERROR = 500


class SmsSms(models.Model):
    _inherit = "sms.sms"

    failure_type = fields.Selection(
        selection_add=[(UNKNOWN, "Unknown whether it was sent")], ondelete={UNKNOWN: "set null"}
    )

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """Send those that are still to be sent, and not on the way: who sends failed SMS again sees those as failed."""
        left = self - self.sudo().filtered("marketing_handover").sudo(False)
        left -= left._withdraw()
        options = {"unlink_failed": unlink_failed, "unlink_sent": unlink_sent, "raise_exception": raise_exception}
        return super(SmsSms, left)._send(**options) if left else None

    def _send_with_api(self, sms_api, **options):
        ours = self.browse(self._get_campaigns_messages().mapped("sms_id_int"))
        if not ours:
            return super()._send_with_api(sms_api, **options)
        left = self._mark_handover(ours)
        res = super(SmsSms, left)._send_with_api(CarefulApi(sms_api, set(ours.mapped("uuid"))), **options)
        ours._end_handover()
        return res

    def _get_send_batch_size(self):
        """Risk few SMS by a request to a provider that has just not answered."""
        size = super()._get_send_batch_size()
        since = fields.Datetime.now() - SILENCE
        silent = [("state", "=", "error"), ("failure_type", "=", UNKNOWN), ("write_date", ">", since)]
        return min(size, FEW) if self.sudo().search_count(silent, limit=1) else size

    def _get_campaigns_messages(self):
        """Return the mailing.trace of those of these SMS that are of campaigns."""
        domain = [("sms_id_int", "in", self.ids), ("marketing_trace_id", "!=", False)]
        return self.env["mailing.trace"].sudo().search(domain)  # sudo: whoever has the queue run

    def _withdraw(self):
        """Cancel and return those of these SMS of campaigns that are not to be sent any more."""
        messages = self._get_campaigns_messages()
        if not messages:
            return self.browse()
        ended = messages.marketing_trace_id._find_withdrawn()
        numbers = [message.sms_number for message in messages if message.mass_mailing_id.use_exclusion_list]
        blocked = self._find_blocked(numbers)
        kinds = {}
        for message in messages:
            kind = ended.get(message.marketing_trace_id.id)
            if kind:
                kinds[message.sms_id_int] = WITHDRAWALS.get(kind, kind)
            elif message.sms_number in blocked and message.mass_mailing_id.use_exclusion_list:
                kinds[message.sms_id_int] = "sms_blacklist"
        withdrawn = self.sudo().filtered(lambda sms: sms.id in kinds)
        for kind, texts in withdrawn.grouped(lambda sms: kinds[sms.id]).items():
            texts.write({"state": "canceled", "failure_type": kind if kind != WITHDRAWN else False})
            texts.sms_tracker_id._action_update_from_sms_state("canceled", failure_type=kind)
        return self.filtered(lambda sms: sms.id in kinds)

    @api.model
    def _find_blocked(self, numbers):
        """Return those of some numbers that are blocklisted.

        Odoo's own search formats each of them again, which takes longer than all else that the queue does for an SMS;
        those of messages that are sent are in that format.
        """
        self.env["phone.blacklist"].flush_model(["number", "active"])
        rows = self.env.execute_query(
            SQL("SELECT number FROM phone_blacklist WHERE active AND number = ANY(%s)", list(filter(None, numbers)))
        )
        return {number for (number,) in rows}


class CarefulApi:
    """A provider of SMS that tells what it may have sent, though it gave no answer, from what it did not send.

    :param sms_api: Odoo's
    :param uuids: of the SMS for which that matters; the others are told as Odoo does
    """

    def __init__(self, sms_api, uuids):
        self._sms_api = sms_api
        self._uuids = uuids

    def __getattr__(self, name):
        return getattr(self._sms_api, name)

    @property
    def PROVIDER_TO_SMS_FAILURE_TYPE(self):
        return {**self._sms_api.PROVIDER_TO_SMS_FAILURE_TYPE, NO_ANSWER: UNKNOWN}

    def _send_sms_batch(self, messages, **options):
        try:
            results = self._sms_api._send_sms_batch(messages, **options)
        except Exception as error:
            if not may_have_arrived(error):
                raise
            numbers = [number for message in messages for number in message["numbers"]]
            results = [self._without_answer({"uuid": number["uuid"], "state": "server_error"}) for number in numbers]
        else:
            if hasattr(self._sms_api, "_sms_twilio_send_request"):  # it calls nothing else a server error
                results = [self._without_answer(result) for result in results]
        return results

    def _without_answer(self, result):
        if result["state"] != "server_error" or result["uuid"] not in self._uuids:
            return result
        return {**result, "state": NO_ANSWER, "failure_reason": False}


def may_have_arrived(error):
    """Tell whether a request that ended with this error may have been carried out."""
    while error:
        if isinstance(error, ConnectTimeout | SSLError | ProxyError):
            return False
        if isinstance(error, HTTPError):
            return error.response.status_code >= SERVER_ERROR and error.response.status_code != UNAVAILABLE
        if isinstance(error, requests.ConnectionError):
            reason = getattr(error.args[0], "reason", None) if error.args else None
            return not isinstance(reason, NewConnectionError)
        if isinstance(error, Timeout | InvalidJSONError | requests.exceptions.ChunkedEncodingError):
            return True
        error = error.__cause__ or error.__context__
    return False
