"""The judgement of an incoming message."""

import email
import re
from dataclasses import dataclass
from email.policy import SMTP

from .parts import (
    MAX_IDS,
    find_address,
    find_addresses,
    find_message_ids,
    get_content_type,
    get_fields,
    get_header,
    get_headers,
    get_original,
    get_parameter,
    get_text,
    has_header,
    iter_parts,
)
from .recipients import ACCEPTED, BOUNCE, DELAYED, Recipient, read_recipient, read_words, split_copy

# The kinds, beside those of a mail's delivery. A REPLY may name no message.
RECEIPT = "receipt"  # a person has seen it
COMPLAINT = "complaint"  # a person calls it spam
AUTOMATIC = "automatic"  # a machine answers: an out-of-office, a bot
NOTICE = "notice"  # something else that a machine tells: a moderator's queue, deleted unread
REPLY = "reply"
UNREADABLE = "unreadable"

DELIVERY = (BOUNCE, DELAYED, ACCEPTED)  # the worst first
# what is about a mail of ours, and no answer to it
REPORTS = frozenset((*DELIVERY, RECEIPT, COMPLAINT, NOTICE))

# RFC 3834 asks for Auto-Submitted; these say the same, and nothing else
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Mail-Autoreply", "X-Vacation")
ORIGINAL_IDS = ("Message-ID", "X-Microsoft-Original-Message-ID")
# RFC 5965 and its registry: the others are no person's complaint
COMPLAINTS = frozenset(("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "miscategorized"))
# RFC 2142, and those from which mail services send what people call spam
COMPLAINT_NAMES = re.compile(
    r"(?:abuse|complaints?|fbl|feedback-?loop|spam-?reports?|scomp|arf)(?:[-+.].*)?", re.IGNORECASE
)
COMPLAINT_SUBJECT = re.compile(r"complaint about|(?:abuse|spam) (?:complaint|report)|reported as spam", re.IGNORECASE)
DAEMONS = frozenset(("mailer-daemon", "postmaster"))


@dataclass(frozen=True)
class Judgement:
    """What an incoming message is.

    :param str kind: one of the kinds above
    :param str decided_by: the header or the field that decided, as it came; for people
    :param tuple message_ids: which of our messages it is about, with brackets; the likeliest first
    :param tuple recipients: what it says of whom (:class:`Recipient`)
    """

    kind: str
    decided_by: str = ""
    message_ids: tuple = ()
    recipients: tuple = ()

    @property
    def is_report(self):
        return self.kind in REPORTS

    def get_recipient(self, address=None):
        """Return what it says of one address, else of whom it went worst for; None where it is about nobody.

        A report about several recipients of one mail may say of each something else.
        """
        own = [recipient for recipient in self.recipients if recipient.is_for(address)]
        return min(own or self.recipients, key=lambda recipient: DELIVERY.index(recipient.kind), default=None)

    def get_kind(self, address=None):
        """Return what happened to one recipient of the mail."""
        recipient = self.get_recipient(address)
        return recipient.kind if recipient and self.kind in DELIVERY else self.kind


def judge(message, bounce_addresses=(), complaint_addresses=()):
    """Return what an incoming message is, whatever is wrong with it: this never raises.

    :param message: an email.message.Message, or bytes
    :param bounce_addresses: our own addresses to which servers return what they cannot deliver
    :param complaint_addresses: our own addresses to which complaints are sent; ``abuse@`` always is one
    :rtype: Judgement
    """
    try:
        if isinstance(message, bytes):
            message = email.message_from_bytes(message, policy=SMTP)
        return _judge(message, _lower(bounce_addresses), _lower(complaint_addresses))
    except Exception as error:
        return Judgement(UNREADABLE, decided_by=f"{type(error).__name__}: {error}"[:500])


def _lower(addresses):
    return frozenset(address.lower() for address in addresses if address)


def _judge(message, bounce_addresses, complaint_addresses):
    original = get_original(message)
    return (
        _judge_report(message, original)
        or _judge_forwarded(message, original, complaint_addresses)
        or _judge_words(message, original, bounce_addresses)
        or _judge_answer(message, bounce_addresses)
    )


# ------------------------------------------------------------
# Reports: RFC 3462
# ------------------------------------------------------------


def _judge_report(message, original):
    parts = {}
    for part in iter_parts(message):
        parts.setdefault(get_content_type(part), part)
    named = get_parameter(message, "report-type") if get_content_type(message) == "multipart/report" else ""
    status = parts.get("message/delivery-status") or parts.get("message/global-delivery-status")
    receipt = parts.get("message/disposition-notification") or parts.get("message/global-disposition-notification")
    feedback = parts.get("message/feedback-report")
    if feedback and named in ("feedback-report", ""):
        return _judge_feedback(message, original, feedback)
    if receipt and named in ("disposition-notification", ""):
        return _judge_receipt(message, original, receipt)
    if named == "disposition-notification":
        return Judgement(NOTICE, f"report-type={named}", _find_ids(message, original))
    if status:
        return _judge_status(message, original, status, _get_words(message))
    if feedback or receipt:
        return _judge_feedback(message, original, feedback) if feedback else _judge_receipt(message, original, receipt)
    return None


def _judge_status(message, original, status, text):
    groups = get_fields(get_text(status))
    recipients = tuple(filter(None, (read_recipient(fields, text) for fields in groups)))
    if not recipients:
        recipients = tuple(read_words(get_header(message, "Subject"), split_copy(text)[0], _get_own(message)))
    kind = min((recipient.kind for recipient in recipients), key=DELIVERY.index, default=NOTICE)
    told = [f"{name.title()}: {value}" for fields in groups for name, value in fields if name in ("action", "status")]
    return Judgement(kind, ", ".join(told[:2])[:500], _find_ids(message, original, groups), recipients)


def _judge_receipt(message, original, receipt):
    groups = get_fields(get_text(receipt))
    fields = dict(field for group in reversed(groups) for field in reversed(group))
    disposition = fields.get("disposition", "")
    is_read = re.search(r";\s*displayed\b", disposition, re.IGNORECASE)
    address = find_address(fields.get("final-recipient", ""))
    recipients = (Recipient(address=address, kind=ACCEPTED),) if address else ()
    decided_by = f"Disposition: {disposition}"[:500]
    return Judgement(RECEIPT if is_read else NOTICE, decided_by, _find_ids(message, original, groups), recipients)


def _judge_feedback(message, original, feedback):
    groups = get_fields(get_text(feedback))
    fields = [field for group in groups for field in group]
    kind = next((value for name, value in fields if name == "feedback-type"), "").strip().lower()
    if not kind:
        return None  # an answering machine's way to quote
    names = ("original-rcpt-to", "removal-recipient")
    addresses = [find_address(value) for name, value in fields if name in names]
    return Judgement(
        COMPLAINT if kind in COMPLAINTS else NOTICE,
        f"Feedback-Type: {kind}"[:500],
        _find_ids(message, original, groups),
        _get_complainers(addresses, original),
    )


def _get_complainers(addresses, original):
    """Return who complains: whom a report names, else whom the mail was for."""
    addresses = [address for address in addresses if address]
    if not addresses and original is not None:
        addresses = find_addresses(get_header(original, "Delivered-To") or get_header(original, "To"))[:1]
    return tuple(Recipient(address=address.lower(), kind=ACCEPTED) for address in dict.fromkeys(addresses))


def _judge_forwarded(message, original, complaint_addresses):
    """A complaint of a desk that attaches the mail and reports nothing."""
    if original is None or has_header(message, "In-Reply-To"):
        return None
    receivers = {
        address
        for name in ("To", "Delivered-To", "X-Original-To")
        for address in find_addresses(get_header(message, name))
    }
    sender, subject = find_address(get_header(message, "From")), get_header(message, "Subject")
    if sender.partition("@")[0] in DAEMONS:
        return None
    told_to = next(
        (
            address
            for address in sorted(receivers)
            if address in complaint_addresses or COMPLAINT_NAMES.fullmatch(address.partition("@")[0])
        ),
        None,
    )
    if told_to:
        decided_by = f"To: {told_to}"
    elif COMPLAINT_NAMES.fullmatch(sender.partition("@")[0]):
        decided_by = f"From: {sender}"
    elif COMPLAINT_SUBJECT.search(subject):
        decided_by = f"Subject: {subject}"
    else:
        return None
    return Judgement(COMPLAINT, decided_by[:500], _find_ids(message, original), _get_complainers((), original))


# ------------------------------------------------------------
# Words
# ------------------------------------------------------------


def _judge_words(message, original, bounce_addresses):
    """What comes from a mail server, or to where servers return mails, and is no report by its form."""
    sender = get_header(message, "From")
    is_daemon = "mailer-daemon" in sender.lower()
    is_report = get_content_type(message) == "multipart/report"
    # somebody may well write as postmaster
    is_returned = (
        _is_from_nobody(message)
        or find_address(sender).startswith("postmaster@")
        or not bounce_addresses.isdisjoint(find_addresses(get_header(message, "To")))
    )
    if not (is_daemon or is_report or is_returned):
        return None
    text, copy = split_copy(_get_words(message))
    ids = _find_ids(message, original) or tuple(_find_copied_ids(copy or text))
    subject = get_header(message, "Subject")
    recipients = tuple(read_words(subject, text, _get_own(message)))
    # a person's holiday may be told with the same words: a server's report has the mail with it
    if recipients and (is_daemon or is_report or original is not None or copy):
        return Judgement(recipients[0].kind, f"Subject: {subject}"[:500], ids, recipients)
    is_answer = has_header(message, "In-Reply-To") or has_header(message, "References")
    if is_daemon or is_report or (original is not None and is_returned and not is_answer):
        return Judgement(NOTICE, f"From: {sender}"[:500], ids)
    return None


def _find_copied_ids(text):
    """Return the ids of the mail whose headers stand in a text."""
    lines = [line for line in text.split("\n") if re.match(r"[>\s]*message-id\s*:", line, re.IGNORECASE)]
    return find_message_ids("\n".join(lines))[:MAX_IDS]


# ------------------------------------------------------------
# Answers: RFC 3834
# ------------------------------------------------------------


def _judge_answer(message, bounce_addresses):
    ids = _find_ids(message, None)
    decided_by = _find_automatic(message) or _find_envelope_answer(message, bounce_addresses)
    if decided_by:
        return Judgement(AUTOMATIC, decided_by[:500], ids)
    if has_header(message, "Auto-Submitted"):
        return Judgement(REPLY, f"Auto-Submitted: {get_header(message, 'Auto-Submitted')}"[:500], ids)
    return Judgement(
        REPLY, next((name for name in ("In-Reply-To", "References") if has_header(message, name)), ""), ids
    )


def _find_envelope_answer(message, bounce_addresses):
    """Return what says that this was sent to whom the envelope named, or None.

    RFC 3834 has machines answer there; people's programs answer to From or Reply-To, and at most to it besides.
    """
    receivers = [address for name in ("To", "Cc") for address in find_addresses(get_header(message, name))]
    if receivers and bounce_addresses.issuperset(receivers):
        return f"To: {receivers[0]}"
    return None


def _find_automatic(message):
    """Return the header that says that a machine wrote this very message, or None.

    Precedence says how it is to be carried, and X-Auto-Response-Suppress what may be answered to it.
    """
    submitted = get_header(message, "Auto-Submitted")
    # a word, maybe with parameters or a comment: "auto-replied (vacation)"
    word = re.match(r"[a-z-]*", submitted.lower())[0]
    if word and word != "no":
        return f"Auto-Submitted: {submitted}"
    if _is_from_nobody(message):
        return "Return-Path: <>"
    for name in AUTOMATIC_HEADERS:
        value = get_header(message, name)
        if value and value.lower() not in ("no", "false"):
            return f"{name}: {value}"
    # procmail's way to know its own mails again: somebody else's says nothing of this one
    sender = find_address(get_header(message, "From"))
    for value in get_headers(message, "X-Loop"):
        if sender and find_address(value) == sender:
            return f"X-Loop: {value}"
    return None


# ------------------------------------------------------------
# For all
# ------------------------------------------------------------


def _is_from_nobody(message):
    paths = get_headers(message, "Return-Path")
    return bool(paths) and not paths[0].strip(" <>")


def _find_ids(message, original, groups=()):
    """Return which messages it may be about: what is attached says best."""
    ids = []
    if original is not None:
        for name in ORIGINAL_IDS:
            ids += find_message_ids(get_header(original, name))
    for fields in groups:
        for name, value in fields:
            if name == "original-message-id":
                ids += find_message_ids(value)
    for name in ("In-Reply-To", "References"):
        # the last of the references is the one that was answered
        ids += reversed(find_message_ids(get_header(message, name))[-MAX_IDS:])
    return tuple(dict.fromkeys(ids))[:MAX_IDS]


def _get_words(message):
    """Return what a message says to people, in plain text."""
    for part in iter_parts(message):
        content_type = get_content_type(part)
        if content_type == "text/plain" and not isinstance(part.get_payload(), list):
            return get_text(part)
        if content_type == "text/html" and part is message:
            return re.sub(r"<[^<>]{0,2000}>", " ", get_text(part))
    return ""


def _get_own(message):
    """Return the addresses in the head of a report: they are nobody's whose mail it is about."""
    names = ("From", "To", "Delivered-To", "Reply-To", "Return-Path", "X-Original-To")
    return {address for name in names for address in find_addresses(get_header(message, name))}
