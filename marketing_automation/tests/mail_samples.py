"""Incoming messages of every kind, as servers and programs write them: raw, with places for what differs."""

import base64

from hypothesis import strategies as st

# RFC 5965 and its registry of types: whom somebody complains about
COMPLAINTS = ("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "miscategorized")
REPORTED = "ada@people.example.com"
ORIGINAL = """\
Message-ID: {message_id}
From: shop@example.com
To: {email}
Subject: Welcome

Hello
"""


def report(report_type, content_type, fields, original="message/rfc822", headers="", text="A report.", top="report"):
    """Return a multipart/report: fields of a part of its own, and the original."""
    attached = f"--=_b\nContent-Type: {original}\n\n{ORIGINAL}\n" if original else ""
    named = f"report-type={report_type}; " if report_type else ""
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.people.example.com>
To: {{to}}
Subject: {{subject}}
Message-ID: <{{id}}@mx.people.example.com>
Date: Mon, 01 Jun 2026 10:00:00 +0000
MIME-Version: 1.0
{headers}Content-Type: multipart/{top}; {named}boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

{text}

--=_b
Content-Type: {content_type}

{fields}

{attached}--=_b--
"""


def delivery(action, status, diagnostic="", more="", **options):
    """Return a report about a delivery: RFC 3464."""
    fields = "Reporting-MTA: dns; mx.people.example.com\n\nFinal-Recipient: rfc822; {email}\n"
    fields += "".join(
        f"{name}: {value}\n"
        for name, value in (("Action", action), ("Status", status), ("Diagnostic-Code", diagnostic))
        if value
    )
    return report("delivery-status", "message/delivery-status", fields + more, **options)


def receipt(disposition, more="Original-Message-ID: {message_id}", **options):
    """Return a receipt: RFC 8098."""
    fields = f"Final-Recipient: rfc822; {{email}}\n{more}\nDisposition: {disposition}"
    return report("disposition-notification", "message/disposition-notification", fields, **options)


def feedback(kind, told="Original-Rcpt-To: {email}", **options):
    """Return a complaint: RFC 5965."""
    fields = f"Feedback-Type: {kind}\nUser-Agent: Feedback/1.0\nVersion: 1\n{told}"
    return report("feedback-report", "message/feedback-report", fields, **options)


def generated_feedback():
    """Return a strategy of complaints and what is no complaint, as RFC 5965 lets desks write them.

    Each with the Feedback-Type, in lower case, and whether it names whom the mail was for.
    """
    kinds = st.sampled_from([*COMPLAINTS, "not-spam", "auth-failure", "dkim", "x-new-kind"])
    spelt = st.sampled_from([str.lower, str.upper, str.title])
    also = st.lists(
        st.sampled_from(
            [
                "User-Agent: Feedback/1.0 (a desk)",
                "Version: 1",
                "Original-Mail-From: <bounce@example.com>",
                "Arrival-Date: Mon, 01 Jun 2026\n 10:00:00 +0000",
                "Received-Date: Mon, 01 Jun 2026 10:00:00 +0000",
                "Source-IP: 192.0.2.7",
                "Reported-Domain: example.com",
                "Reported-URI: https://shop.example.com/\n\tcatalogue",
                "Authentication-Results: mx.example.com;\n spf=pass",
                "Incidents: 1",
                "X-Of-Our-Own: yes",
            ]
        ),
        unique=True,
    )
    told = st.lists(
        st.sampled_from(
            ["Original-Rcpt-To: {email}", "Original-Rcpt-To: <{email}>", "Removal-Recipient:\n rfc822; {email}"]
        ),
        max_size=2,
    )
    return st.builds(
        _write_feedback,
        kinds,
        spelt,
        also,
        told,
        st.randoms(use_true_random=False),
        st.sampled_from(["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"]),
        st.sampled_from(["feedback-report", ""]),
        st.sampled_from(["\n", "\r\n"]),
        st.booleans(),
    )


def _write_feedback(kind, spelt, also, told, chance, original, report_type, end, is_encoded):
    fields = [f"{spelt('Feedback-Type')}: {spelt(kind)}", *also, *told]
    chance.shuffle(fields)
    content, type_ = "\n".join(fields).replace("{email}", REPORTED) + "\n", "message/feedback-report"
    if is_encoded:
        type_ += "\nContent-Transfer-Encoding: base64"
        content = base64.encodebytes(content.encode()).decode()
    raw = report(report_type, type_, content, original=original)
    return raw.replace("\n", end), kind, bool(told)


def plain(body, headers="", sender="{email}", to="{to}"):
    """Return a message in plain text."""
    return f"""\
From: {sender}
To: {to}
Subject: {{subject}}
Message-ID: <{{id}}@people.example.com>
Date: Mon, 01 Jun 2026 10:00:00 +0000
{headers}MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

{body}
"""


def forwarded(to="{to}", sender="desk@people.example.com", headers=""):
    """Return a message that attaches the mail, and is no report."""
    return f"""\
From: {sender}
To: {to}
Subject: {{subject}}
Message-ID: <{{id}}@people.example.com>
Date: Mon, 01 Jun 2026 10:00:00 +0000
{headers}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_b"

--=_b
Content-Type: text/plain

See below.

--=_b
Content-Type: message/rfc822

{ORIGINAL}
--=_b--
"""


ANSWER = "References: {message_id}\nIn-Reply-To: {message_id}\n"
DAEMON = "MAILER-DAEMON <>"
DMA = """\
Hi!

This is the DragonFly Mail Agent v0.13 at mx.people.example.com.

There was an error delivering your mail to <{email}>.

localhost [127.0.0.1] did not like our RCPT TO:
550 5.1.1 No such user

Original message headers follow.

Message-ID: {message_id}
To: {email}
Subject: Welcome"""
QMAIL = """\
Hi. This is the qmail-send program at mx.people.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{email}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: {message_id}
To: {email}"""
WORDS_DELAYED = """\
This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its recipients:

  {email}
    Delay reason: connection timed out

No action is required on your part. Delivery attempts will continue.

------ This is a copy of the message, including all the headers. ------

Message-ID: {message_id}"""
MODERATION = """\
Your message is awaiting release by the moderator of the list club@people.example.com.
It could not be delivered at once.

Message-ID: {message_id}"""

# name: (raw, kind, hard or soft)
SAMPLES = {
    "failed, user unknown": (delivery("failed", "5.1.1", "smtp; 550 5.1.1 No such user"), "bounce", "hard"),
    "failed, 5.0.0 of Exim, unknown": (delivery("failed", "5.0.0", "smtp; 550 5.1.1 <x>: unknown"), "bounce", "hard"),
    "failed, 5.0.0 of Exim, full": (delivery("failed", "5.0.0", "smtp; 552 5.2.2 Over quota"), "bounce", "soft"),
    "failed, 5.0.0, an old server": (delivery("failed", "5.0.0", "smtp; 550 No such user here"), "bounce", "hard"),
    "failed, 5.0.0, as spam": (delivery("failed", "5.0.0", "smtp; 554 Message blocked as spam"), "bounce", "soft"),
    "failed, 5.0.0, nothing more": (delivery("failed", "5.0.0", text="unrouteable address"), "bounce", "hard"),
    "failed after days, full": (delivery("failed", "4.2.2", "smtp; 452 4.2.2 Mailbox full"), "bounce", "soft"),
    "failed, full": (delivery("failed", "5.2.2", "smtp; 552 5.2.2 Mailbox full"), "bounce", "soft"),
    "failed, too large": (delivery("failed", "5.3.4", "smtp; 552 5.3.4 Too large"), "bounce", "soft"),
    "failed, a policy": (delivery("failed", "5.7.1", "smtp; 550 5.7.1 Rejected by policy"), "bounce", "soft"),
    "failed, a policy that knows no user": (delivery("failed", "5.7.1", "550 5.7.1 User unknown"), "bounce", "hard"),
    "failed, host unknown": (delivery("failed", "5.4.4", "X-Postfix; Host not found"), "bounce", "hard"),
    "failed, in capitals": (delivery("FAILED (for good)", "5.1.1"), "bounce", "hard"),
    "failed, headers alone": (delivery("failed", "5.1.1", original="text/rfc822-headers"), "bounce", "hard"),
    "failed, below multipart/mixed (OpenSMTPD)": (
        delivery("failed", "5.0.0", "smtp; 550 5.1.1 No such user", top="mixed"),
        "bounce",
        "hard",
    ),
    "no action, a permanent status": (delivery("", "5.1.1"), "bounce", "hard"),
    "no action, accepted": (delivery("", "2.1.5"), "accepted", None),
    "delayed": (delivery("delayed", "4.4.1", "X-Postfix; connection refused"), "delayed", None),
    "delayed, 4.0.0 of Exim": (delivery("delayed", "4.0.0"), "delayed", None),
    "delayed, Exchange tries until": (
        delivery("delayed", "4.4.7", more="Will-Retry-Until: Wed, 03 Jun 2026 10:00:00 +0000\n"),
        "delayed",
        None,
    ),
    "delayed, the last of OpenSMTPD": (
        delivery("delayed", "4.4.7", text="Envelope expired; the message is kept in the queue", top="mixed"),
        "bounce",
        "soft",
    ),
    "relayed": (delivery("relayed", "2.1.5", "smtp; 250 2.1.5 Ok"), "accepted", None),
    "relayed, with a comment (sendmail)": (delivery("relayed (to non-DSN-aware mailer)", "2.1.5"), "accepted", None),
    "delivered": (delivery("delivered", "2.0.0"), "accepted", None),
    "expanded": (delivery("expanded", "2.0.0"), "accepted", None),
    "read": (receipt("manual-action/MDN-sent-manually; displayed"), "receipt", None),
    "read, sent by itself": (receipt("manual-action/MDN-sent-automatically; displayed"), "receipt", None),
    "read, two parts": (receipt("manual-action/MDN-sent-manually; displayed", original=""), "receipt", None),
    "deleted unread": (receipt("automatic-action/MDN-sent-automatically; deleted"), "notice", None),
    "complaint": (feedback("abuse"), "complaint", None),
    "complaint, headers alone": (feedback("abuse", original="text/rfc822-headers"), "complaint", None),
    "complaint, no report-type": (
        report("", "message/feedback-report", "Feedback-Type: abuse", top="report"),
        "complaint",
        None,
    ),
    "no spam": (feedback("not-spam"), "notice", None),
    "an authentication failed": (feedback("auth-failure"), "notice", None),
    "complaint, forwarded to abuse@": (forwarded(to="abuse@example.com"), "complaint", None),
    "complaint, forwarded by a desk": (forwarded(sender="fbl@people.example.com"), "complaint", None),
    "dma, in words": (plain(DMA, sender=DAEMON), "bounce", "hard"),
    "qmail, in words": (plain(QMAIL, sender="MAILER-DAEMON@mx.people.example.com"), "bounce", "hard"),
    "delayed, in words": (plain(WORDS_DELAYED, sender="Mailer-Daemon@mx.people.example.com"), "delayed", None),
    "a moderator's queue": (
        plain(MODERATION, sender="mailer-daemon@lists.example.com", headers="Return-Path: <>\n"),
        "notice",
        None,
    ),
    "out of office": (plain("Away", ANSWER + "Auto-Submitted: auto-replied\n"), "automatic", None),
    "out of office, a comment (Pigeonhole)": (
        plain("Away", ANSWER + "Auto-Submitted: auto-replied (vacation)\n"),
        "automatic",
        None,
    ),
    "generated": (plain("Ticket", ANSWER + "Auto-Submitted: auto-generated; owner=x\n"), "automatic", None),
    "automatic, from nobody": (plain("Away", "Return-Path: <>\n" + ANSWER), "automatic", None),
    "automatic, an older header": (plain("Away", ANSWER + "X-Autoreply: yes\n"), "automatic", None),
    "automatic, its own loop": (plain("Away", ANSWER + "X-Loop: {email}\n"), "automatic", None),
    "reply": (plain("Thank you", ANSWER), "reply", None),
    "reply, not automatic": (plain("Thank you", ANSWER + "Auto-Submitted: no\n"), "reply", None),
    "reply, by a list": (plain("Thank you", ANSWER + "Precedence: list\nList-Id: <club.example.com>\n"), "reply", None),
    "reply, of a helpdesk": (plain("Thank you", ANSWER + "X-Auto-Response-Suppress: All\n"), "reply", None),
    "reply, somebody else's loop": (plain("Thank you", ANSWER + "X-Loop: club@lists.example.com\n"), "reply", None),
    "reply, of bsd-mailx": (plain("Thank you", "In-Reply-To: {message_id}\n"), "reply", None),
    "reply, of mailutils": (
        plain("Thank you", 'In-Reply-To: Your message of "Mon, 01 Jun 2026 09:00:00 +0000"\n {message_id}\n'),
        "reply",
        None,
    ),
    "reply, References alone": (plain("Thank you", "References: <other@example.com>\n\t{message_id}\n"), "reply", None),
    "reply, to all": (plain("Thank you", ANSWER, to="{to}, {bounce}"), "reply", None),
}
