"""What became of each recipient, from the fields of a delivery report or the words of one that has none."""

import re
from dataclasses import dataclass

from .parts import find_address, find_addresses

HARD, SOFT = "hard", "soft"

# what can have become of a mail
BOUNCE = "bounce"  # it was not delivered, and will not be
DELAYED = "delayed"  # it is still being tried: nothing has happened
ACCEPTED = "accepted"  # a server has taken it
# by the Action of RFC 3464
ACTIONS = {"failed": BOUNCE, "delayed": DELAYED, "delivered": ACCEPTED, "relayed": ACCEPTED, "expanded": ACCEPTED}

# RFC 3463: permanent by its class, and yet nothing is wrong with the address: full, too big, tried for too long,
# the sender, the content, a policy
SOFT_DETAILS = re.compile(r"5\.(?:1\.[78]|2\.[234]|3\.\d+|4\.[5-7]|5\.\d+|6\.\d+|7\.\d+)")
STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
REPLY_CODE = re.compile(r"(?<![\d.])([245])\d\d(?=[\s-])")

SOFT_WORDS = re.compile(
    r"quota|mailbox (?:is )?full|over ?size|too (?:large|big|long)|exceed|storage|insufficient|spam|block(?:ed|list)|"
    r"blacklist|reputation|polic(?:y|ies)|greylist|try again|temporar|timed? ?out|expired|retry time|too many|"
    r"could not deliver for the last|rate limit|connection refused|could not connect|unreachable|network is down|"
    r"dmarc|spf|dkim|content reject|virus",
    re.IGNORECASE,
)
HARD_WORDS = re.compile(
    r"user (?:is )?unknown|unknown (?:user|recipient|local|mailbox|address)|no such (?:user|address|recipient|mailbox|"
    r"person|account|domain)|(?:user|recipient|address|mailbox|account|domain|host)[^.\n]{0,80} (?:not (?:found|exist)|"
    r"does(?: not|n't) exist|unknown|invalid|disabled|unavailable)|does(?: not|n't) exist|no mailbox|"
    r"invalid (?:recipient|mailbox|address)|unrouteable|host (?:or domain )?(?:name )?not found|domain not found|"
    r"no mx|nullmx|does(?: not|n't) accept mail|not a (?:known|valid) user|unable to deliver to this address",
    re.IGNORECASE,
)
# reports of OpenSMTPD and nullmailer that are the last ones, though they say "delayed"; nullmailer sends no others
EXPIRED = re.compile(r"expired|this is the nullmailer delivery system", re.IGNORECASE)


@dataclass(frozen=True)
class Recipient:
    """What a report says of one recipient.

    :param str address: the one that the last server saw, in lower case; may be empty
    :param str original: the one that the mail was sent to, if the report tells
    :param str kind: ``BOUNCE``, ``DELAYED`` or ``ACCEPTED``
    :param bounce_type: ``HARD`` or ``SOFT`` of one that failed: whether the address is wrong, or something else
    :param str reason: what the server said, for people
    """

    address: str = ""
    original: str = ""
    kind: str = BOUNCE
    bounce_type: str | None = None
    reason: str = ""

    def is_for(self, address):
        return bool(address) and address.lower() in (self.address, self.original)


def read_recipient(fields, text):
    """Return what a group of fields of ``message/delivery-status`` says; None where it is about no recipient.

    :param list fields: (name, value)
    :param str text: what the report says to people
    """
    values = {}
    for name, value in fields:
        values.setdefault(name, value)
    if not {"final-recipient", "original-recipient", "action"} & values.keys():
        return None
    status = STATUS.search(values.get("status", ""))
    diagnostic = values.get("diagnostic-code", "")
    kind = _get_kind(values, status, diagnostic, text)
    return Recipient(
        address=find_address(values.get("final-recipient", "")),
        original=find_address(values.get("original-recipient", "")),
        kind=kind,
        bounce_type=get_bounce_type(status and status[0], diagnostic, text) if kind == BOUNCE else None,
        reason=_shorten(diagnostic or values.get("status", "")),
    )


def _get_kind(values, status, diagnostic, text):
    # a word, maybe with a comment: "relayed (to non-DSN-aware mailer)"
    action = re.match(r"[a-z-]*", values.get("action", "").strip().lower())[0]
    kind = ACTIONS.get(action)
    if kind == DELAYED:
        # who will not try again says nothing of until when; OpenSMTPD's last report differs in nothing else
        is_over = "will-retry-until" not in values and (
            (status and status[0] == "4.4.7") or EXPIRED.search(diagnostic) or EXPIRED.search(text)
        )
        return BOUNCE if is_over else DELAYED
    if kind:
        return kind
    code = status or STATUS.search(diagnostic) or REPLY_CODE.search(diagnostic)
    if code and code[1] == "2":
        return ACCEPTED
    return DELAYED if code and code[1] == "4" and not EXPIRED.search(diagnostic) else BOUNCE


def get_bounce_type(status, diagnostic, text=""):
    """Tell whether an address is wrong (``HARD``), or something else is (``SOFT``).

    :param status: the Status of the recipient, if there is one
    :param str diagnostic: what the server said
    :param str text: what the report says, for where neither of them tells

    >>> get_bounce_type("5.0.0", "smtp; 550 5.1.1 No such user"), get_bounce_type("5.0.0", "smtp; 552 Quota exceeded")
    ('hard', 'soft')
    """
    details = [found[0] for found in STATUS.finditer(f"{status or ''} {diagnostic}")]
    # the most precise of them: sendmail makes 5.2.0 of the next server's 5.7.1
    telling = [code for code in details if not code.endswith(".0")]
    telling += [code for code in details if not code.endswith(".0.0")]
    words = diagnostic if diagnostic.strip() else text
    if status and status.startswith("4"):
        return SOFT
    if telling:
        code = telling[0]
        if SOFT_DETAILS.fullmatch(code) or code.startswith("4"):
            # 5.7.1 is also what some servers say of an address that is not there
            return HARD if code.startswith("5.7") and HARD_WORDS.search(words) else SOFT
        return HARD
    reply = REPLY_CODE.search(diagnostic)
    if reply and (reply[0] == "552" or reply[1] == "4"):
        return SOFT
    if HARD_WORDS.search(words):
        return HARD
    return SOFT if SOFT_WORDS.search(words) else HARD


# ------------------------------------------------------------
# Reports in words alone
# ------------------------------------------------------------

# where the mail that was sent begins
COPY = re.compile(
    r"^.{0,20}(?:original message(?: headers)? follow|below this line is a copy of the message|"
    r"this is a copy of (?:the|your) message|unsent message (?:below|follows)|message (?:headers? )?follows?:?\s*$|"
    r"-{3,} ?(?:original message|returned message|message header)).*$",
    re.IGNORECASE | re.MULTILINE,
)
FAILURE = re.compile(
    r"error delivering your mail|(?:could not|couldn't|cannot|can't|unable to|wasn't able to|not able to|was not)\s+"
    r"(?:be\s+)?deliver|not been delivered|undeliver|delivery (?:to[^.\n]{1,200})?(?:has )?failed|"
    r"delivery (?:status notification \(fail|failure)|permanent (?:fatal )?error|returned to sender|"
    r"mail delivery failed|did not reach|deliver(?:y|ed)[^.\n]{0,80} permanently",
    re.IGNORECASE,
)
PENDING = re.compile(
    r"(?:has|have) (?:not yet been|been delayed)|still (?:being|undelivered)|will (?:keep trying|be retried|"
    r"continue to try|try again)|delayed mail|message delayed|"
    r"delivery (?:has been )?delayed|no action is required|retried for",
    re.IGNORECASE,
)
MODERATED = re.compile(
    r"await(?:s|ing) (?:the )?(?:release|moderat|approval|confirm)|moderator|being held|held for|not allowed to post|"
    r"only (?:subscribers|members)",
    re.IGNORECASE,
)


def split_copy(text):
    """Return what a report in words says, and the copy of the mail below it."""
    found = COPY.search(text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def read_words(subject, text, own_addresses=()):
    """Return what a report says that consists of words: the recipients that it names; empty where it is no report.

    :param str subject: its subject
    :param str text: its text, without the copy of the mail
    :param own_addresses: addresses that are no recipient's: whom the report was sent to and came from
    :rtype: list[Recipient]
    """
    everything = f"{subject}\n{text}"
    if MODERATED.search(everything):
        return []
    if PENDING.search(everything) and not re.search(r"given up|giving up|not be (?:retried|tried)", everything):
        kind = DELAYED
    elif FAILURE.search(everything):
        kind = BOUNCE
    else:
        return []
    bounce_type = get_bounce_type(None, text) if kind == BOUNCE else None
    reason = _shorten(_find_reason(text))
    addresses = dict.fromkeys(address for address in find_addresses(text) if address not in own_addresses)
    recipients = [
        Recipient(address=address, kind=kind, bounce_type=bounce_type, reason=reason) for address in addresses
    ]
    return recipients or [Recipient(kind=kind, bounce_type=bounce_type, reason=reason)]


def _find_reason(text):
    """Return the line of a report that has a code, else the first that says what failed."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    for pattern in (REPLY_CODE, STATUS, FAILURE):
        for line in lines:
            if pattern.search(f"{line} "):
                return line
    return ""


def _shorten(text, length=500):
    return " ".join(text.split())[:length]
