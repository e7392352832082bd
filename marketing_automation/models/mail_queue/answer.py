"""Why a mail server refused an email, in its own words."""

import re
import smtplib
import sys

from odoo import models

NEEDS_SMTPUTF8 = "mail_smtputf8"
LONGEST = 200  # characters
ADDRESS = re.compile(r"<?[^\s<>@:;,()\[\]\"']+@[^\s<>@:;,()\[\]\"']+>?")
ANSWER = re.compile(r"[45]\d\d[ -]")


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _note_server_answer(self, failure_reason, failure_type):
        """Keep the server's answer with the messages of campaigns, for whoever looks why a step failed.

        To be called while Odoo handles what sending raised.

        :return: the failure type, which the answer may make more precise
        """
        traces = self.filtered("marketing_trace_id").sudo().mailing_trace_ids if failure_type else None
        if traces:
            error = find_answer(sys.exc_info()[1])
            if isinstance(error, smtplib.SMTPNotSupportedError):
                failure_type = NEEDS_SMTPUTF8
            words = describe_answer(error) or (ANSWER.match(failure_reason or "") and shorten(failure_reason))
            traces.write({"failure_reason": words or False})
        return failure_type


def find_answer(error):
    """Return the exception of smtplib among an exception and those that it followed, or None."""
    seen = set()
    while error and id(error) not in seen:
        if isinstance(error, smtplib.SMTPException):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def describe_answer(error):
    """Return what a mail server answered, code and text, or None.

    :param error: an exception of smtplib, or None
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()), (None, b""))
    else:
        code, text = getattr(error, "smtp_code", None), getattr(error, "smtp_error", b"")
    if not code:
        return None
    return shorten(f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}")


def shorten(answer):
    """Return an answer in one line of limited length, without the addresses that it names.

    So people who were refused for the same reason are counted together.
    """
    printable = "".join(character if character.isprintable() else " " for character in answer)
    words = ADDRESS.sub("<…>", " ".join(printable.split()))
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
