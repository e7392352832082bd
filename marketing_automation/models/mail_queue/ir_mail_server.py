"""Headers of mailings as they go over the wire.

Python's email package folds what is longer than a line, and puts a long word without blanks into encoded words
(RFC 2047). RFC 2369 allows none in its fields: mail providers that look for a one-click unsubscription (RFC 8058) do
not find it then. Odoo keeps its own list of such fields, in which only those of message ids are.
"""

import email.policy
import logging
import sys
from datetime import UTC, datetime

from odoo import api, models

from odoo.addons.base.models.ir_mail_server import RFC5322_IDENTIFICATION_HEADERS

from ...engine.context import queue_rounds, queue_run
from ...mail_mould import HeaderMemory, Mould
from .mail_lines import PutOffError

_logger = logging.getLogger(__name__)

# Fields of addresses and ids that Odoo or this addon sets; none is ever as long as a line may be (998 octets).
UNFOLDED = {
    *("list-unsubscribe", "list-unsubscribe-post", "list-id", "list-archive", "list-help", "list-owner", "list-post"),
    *("return-path", "feedback-id", "x-odoo-objects", "x-odoo-message-id"),
}
_unfolding = email.policy.SMTP.clone(max_line_length=None)


def find_homes(cls, names):
    """Return the modules in which the code of these methods of a class is: also what somebody has put in their place.

    :param names: of methods
    :rtype: set[str]
    """
    methods = [vars(base)[name] for base in cls.__mro__ for name in names if name in vars(base)]
    return {getattr(method, "__globals__", {}).get("__name__", "other code") for method in methods}


class WirePolicy(type(email.policy.SMTP)):
    """Odoo's policy for messages, except for the fields of mailing lists."""

    def _fold(self, name, value, *args, **kwargs):
        if name.lower() in UNFOLDED:
            return _unfolding._fold(name, value, *args, **kwargs)
        return super()._fold(name, value, *args, **kwargs)

    def get_line_length(self, name):
        """Return beyond how many characters the line of a header is folded."""
        is_whole = name.lower() in UNFOLDED or name.lower() in RFC5322_IDENTIFICATION_HEADERS
        return sys.maxsize if is_whole else self.max_line_length


WIRE = WirePolicy(linesep=email.policy.SMTP.linesep, header_factory=HeaderMemory())
# Between building a message and handing it over. Who changes one of them may rely on how Odoo does the others.
STEPS = ("_build_email__", "_prepare_email_message__", "_alter_message__", "send_email")
MOULDS_AT_MOST = 50  # for one run


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _build_email__(self, *args, **kwargs):  # Odoo's name
        """Build the emails of a mailing by a mould; the first of them, and whatever is unlike it, as Odoo does."""
        run = queue_run(self.env)
        values = None if args or not run else self._get_moulded(kwargs)
        key = values and (run.mail.mailing_id.id, tuple(values)) if run and run.mail else None
        mould = key and run.moulds.get(key)
        attachments = kwargs.get("attachments") or []
        if mould and mould.is_true and mould.attachments == attachments:
            cast = mould.cast(values, kwargs["body_alternative"], kwargs["body"])
            if cast:
                return cast
        message = super()._build_email__(*args, **kwargs)
        if message["List-Unsubscribe"]:
            message.policy = WIRE
            if key and not mould and len(run.moulds) < MOULDS_AT_MOST and self._may_use_moulds(run):
                run.moulds[key] = mould = Mould(message, values, attachments)
                if not mould.is_true:
                    _logger.info("The emails of %s are built one by one: they are too unlike.", run.mail.mailing_id)
        return message

    @api.model
    def _get_moulded(self, values):
        """Return what the headers of a message say, by their names in small letters; None where it is unusual.

        :param dict values: of :meth:`_build_email__`
        """
        texts = (*("message_id", "subject", "email_from", "body", "body_alternative"), "subtype", "subtype_alternative")
        if not all(isinstance(values.get(name), str) and values[name] for name in texts):
            return None
        if values.get("email_cc") or values.get("email_bcc") or not isinstance(values.get("email_to"), list):
            return None
        if (values["subtype"], values["subtype_alternative"]) != ("html", "plain"):
            return None
        named = {
            "message-id": values["message_id"],
            **({"references": values["references"]} if values.get("references") else {}),
            "subject": values["subject"],
            "from": values["email_from"],
            "reply-to": values.get("reply_to") or values["email_from"],
            "to": values["email_to"],
            "date": datetime.now(UTC).replace(tzinfo=None),
        }
        headers = {name.lower(): value for name, value in (values.get("headers") or {}).items()}
        return None if named.keys() & headers.keys() else {**named, **headers}

    @api.model
    def _may_use_moulds(self, run):
        """Tell whether nobody but Odoo and this addon has a say in what becomes of a message; the log tells once."""
        others = sorted(find_homes(type(self), STEPS) - {"odoo.addons.base.models.ir_mail_server", __name__})
        if others and not run.has_told_others:
            run.has_told_others = True
            _logger.info("Emails of campaigns are built one by one, for the sake of %s.", ", ".join(others))
        return not others

    def _connect__(self, *args, **kwargs):
        rounds = queue_rounds(self.env)
        limited = rounds and self._get_limited(kwargs.get("mail_server_id"))
        if limited and not limited._may_connect():
            raise PutOffError
        try:
            connection = super()._connect__(*args, **kwargs)
            if limited:
                rounds.connections.append((limited.id, connection))
            return connection
        except Exception as error:
            if not rounds or not rounds.is_waiting_for(kwargs.get("mail_server_id")):
                raise
            raise PutOffError from error
