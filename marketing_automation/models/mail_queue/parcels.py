"""What the mails of a mailing send is made beforehand, for some of them together.

Odoo makes each message while its mail is being sent, with all that is the same for everybody. Here the first message of
a mailing is Odoo's; the others are cast by the mould that it leaves (see ``mail_mould.py``), and need no more of Odoo's
way to the server than the sender that it found for the first.
"""

import ast
import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import psycopg2

from odoo import models
from odoo.tools import formataddr, is_html_empty
from odoo.tools.mail import email_normalize_all, email_split_and_format_normalize

from ...engine.context import queue_run
from ...links import show_pages_below
from ...mail_mould import PLAIN_ADDRESS
from ...plain_text import write_text
from .ir_mail_server import find_homes

_logger = logging.getLogger(__name__)

# What happens to a mail on its way. Who changes one of them may rely on how Odoo does the others.
STEPS = ("_send", "_mark_handover", "_postprocess_sent_message")
# … and what it says
WORDS = ("_prepare_outgoing_list", "_personalize_outgoing_body")
HOMES = {"odoo.addons.mail.models.mail_mail", "odoo.addons.mass_mailing.models.mail_mail"}
OWN = "odoo.addons.marketing_automation.models.mail_queue."
FORGED = {"x-forge-to", "x-msg-to-add", "x-msg-to-consolidate", "bcc", "cc"}  # which Odoo puts into other headers


@dataclass(frozen=True, eq=False)
class Parcel:
    """A message that is ready to go.

    :param int mail_id: of the mail.mail
    :param str message_id: its Message-Id
    :param str destination: the domain to which it goes
    :param bool has_failed: whether an earlier try ended without an answer
    :param str sender: of the envelope, as the recipient
    :param bytes octets: the message as it goes over the wire
    :param recipients: res.partner, whom Odoo is told of afterwards
    :param list emails: addresses, likewise
    """

    mail_id: int
    message_id: str
    destination: str
    has_failed: bool
    sender: str
    recipient: str
    octets: bytes = field(repr=False)
    recipients: Any = ()
    emails: list = field(default_factory=list)


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _pack(self):
        """Make the parcels of those of these mails whose messages have a mould, and which Odoo need not look at."""
        run = queue_run(self.env)
        if not self._may_pack():
            return
        notifications = self.env["mail.notification"].sudo()  # the queue's own look
        by_email = [("notification_type", "=", "email"), ("mail_mail_id", "in", self.ids)]
        notified = {mail.id for [mail] in notifications._read_group(by_email, ["mail_mail_id"])}
        for mail in self:
            if mail.id in notified or not mail._may_be_packed():
                continue
            run.mail = mail
            try:
                parcel = mail._make_parcel()
            except psycopg2.Error:
                raise
            except Exception as error:  # Odoo's own way meets the same, and says what becomes of the mail
                _logger.debug("The mail %s is built by Odoo: %s", mail.id, error)
                parcel = None
            finally:
                run.mail = None
            if parcel:
                run.parcels[mail.id] = parcel
        self._commit_and_remember()  # each claim begins a transaction

    def _may_pack(self):
        """Tell whether nobody but Odoo and this addon has a say in how mails are sent."""
        run = queue_run(self.env)
        servers = self.env["ir.mail_server"]
        server = run.options["mail_server"]
        return (
            run.lines.is_plain
            and not servers._disable_send()
            and not (server and server.owner_user_id)
            and servers._may_use_moulds(run)
            and self._are_steps_known(STEPS)
        )

    def _are_steps_known(self, names):
        return all(home in HOMES or home.startswith(OWN) for home in find_homes(type(self), names))

    def _may_be_packed(self):
        return bool(
            self.mailing_id
            and self.marketing_trace_id
            and self._may_wait_aside()
            and "/mail/unfollow" not in (self.body_html or "")
        )

    def _make_parcel(self):
        """Return the Parcel of this mail, as Odoo's _send would build and send its message; None where that is to."""
        run = queue_run(self.env)
        mail_server, alias_domain_id = run.options["mail_server"], run.options["alias_domain_id"]
        [email] = self._prepare_quickly() or self._prepare_outgoing_list(
            mail_server=mail_server or self.mail_server_id, doc_to_followers={}
        )
        servers = self.env["ir.mail_server"]
        values = {
            "email_from": (email_split_and_format_normalize(self.email_from) or [self.email_from])[0],
            **{name: email[name] for name in ("email_to", "subject", "body", "body_alternative", "email_cc")},
            **{name: email[name] for name in ("reply_to", "attachments", "message_id", "references", "object_id")},
            **{"subtype": "html", "subtype_alternative": "plain", "headers": email["headers"]},
        }
        named = servers._get_moulded(values)
        key = named and (self.mailing_id.id, tuple(named))
        if key and key not in run.moulds:
            servers._build_email__(**values)  # the first one: it leaves a mould
        mould = key and run.moulds.get(key)
        if not mould or not mould.is_true or mould.attachments != values["attachments"] or named.keys() & FORGED:
            return None
        texts = values["body_alternative"], values["body"]
        validated = email["email_to_normalized"]
        told = {"recipients": [email["partner_id"]]} if email["partner_id"] else {"emails": email["email_to"]}
        about = (self.id, values["message_id"], self._get_destination(), bool(self.marketing_tries))
        key = (key, values["email_from"], email["headers"].get("Return-Path"))
        envelope = run.envelopes.get(key)
        if envelope and _is_plain(email["email_to"], validated):
            octets = mould.cast_octets(named, *texts)
            return octets and Parcel(*about, envelope, validated[0], octets, **told)
        message = mould.cast(named, *texts)
        if not message:
            return None
        context = {"send_validated_to": validated}
        if alias_domain_id:
            domain = self.env["mail.alias.domain"].sudo().browse(alias_domain_id)
            context["domain_notifications_email"] = domain.default_from_email
            context["domain_bounce_address"] = email["headers"].get("Return-Path") or domain.bounce_email
        session, shown = SimpleNamespace(**run.lines.about), message["From"]
        sender, addresses, message = servers.with_context(**context)._prepare_email_message__(message, session)
        if len(addresses) != 1 or not (sender + addresses[0]).isascii():
            return None
        if message["From"] is shown:
            run.envelopes[key] = sender
        return Parcel(*about, sender, addresses[0], message.get_octets(), **told)

    def _prepare_quickly(self):
        """Return what _prepare_outgoing_list gives, at less cost; None where it is to be asked.

        Odoo writes a text part that is thrown away, and pages of the mailing that most messages have no link to.
        """
        shared = queue_run(self.env).shared
        if "quick" not in shared:
            shared["quick"] = self._are_steps_known(WORDS)
        partner = self.recipient_ids
        body = shared["quick"] and not self.attachment_ids and self.res_id and self._prepare_outgoing_body()
        if not body or is_html_empty(body):
            return None
        headers = self._read_headers(shared)
        normalized = email_normalize_all(partner.email if partner else self.email_to)
        if len(normalized) != 1 or headers is None:
            return None
        shown = (
            [formataddr((partner.name or "", normalized[0]))]
            if partner
            else email_split_and_format_normalize(self.email_to)
        )
        if len(shown) != 1:
            return None
        mailing, address = self.mailing_id, normalized[0]
        if ("base", mailing.id) not in shared:
            shared["base", mailing.id] = mailing.get_base_url()
        base_url = shared["base", mailing.id]
        body = self._personalize_outgoing_body(body, partner, doc_to_followers={})
        if f"{base_url}/mailing/{mailing.id}/" in body:
            return None  # it may have one of these pages already
        for page, get_url in (("unsubscribe_from_list", "_get_unsubscribe_url"), ("view", "_get_view_url")):
            if f"{base_url}/{page}" in body:
                url = getattr(mailing, get_url)(address, self.res_id)
                url = mailing._get_marketing_page_url(url, self.res_id, address)
                body = body.replace(f"{base_url}/{page}", url)
        body = str(show_pages_below(body, base_url))
        url = mailing._get_unsubscribe_oneclick_url(address, self.res_id)
        headers["List-Unsubscribe"] = f"<{url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        headers["Precedence"] = "list"
        headers["X-Auto-Response-Suppress"] = "OOF"
        values = {
            "attachments": [],
            "body": body,
            "body_alternative": write_text(body),
            "email_cc": [],
            "email_from": self.email_from,
            "email_to": shown,
            "email_to_normalized": normalized,
            "email_to_raw": (partner.email or "") if partner else self.email_to,
            "headers": headers,
            "message_id": self.message_id,
            "object_id": f"{self.res_id}-{self.model}",
            "partner_id": partner or False,
            "references": self.references,
            "reply_to": self.reply_to,
            "subject": self.subject,
        }
        self._keep_first_addresses([values])
        return [values]

    def _read_headers(self, shared):
        """Return the headers that are kept with this mail; None where they cannot be read."""
        domain = self.record_alias_domain_id
        key = ("headers", self.headers, domain.id)
        if key not in shared:
            try:
                headers = ast.literal_eval(self.headers or "{}")
            except Exception:  # Odoo's own way tells
                headers = None
            if headers is not None:
                headers.setdefault("Return-Path", domain.bounce_email or self.env.company.bounce_email)
            shared[key] = headers
        return shared[key] and dict(shared[key])


def _is_plain(shown, validated):
    """Tell whether there is one address, and Odoo reads it out of the header as it is."""
    if len(shown) != 1 or len(validated) != 1 or not PLAIN_ADDRESS.fullmatch(shown[0]):
        return False
    return shown[0] == validated[0] or shown[0].endswith(f" <{validated[0]}>")
