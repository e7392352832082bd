"""What an incoming message is: a bounce, a complaint, a receipt, an automatic answer, or what a person wrote.

Pure, without Odoo. :func:`judge` is all that others need: it takes a message and gives a :class:`Judgement`.
"""

from .judge import AUTOMATIC, COMPLAINT, NOTICE, RECEIPT, REPLY, REPORTS, UNREADABLE, Judgement, judge
from .recipients import ACCEPTED, BOUNCE, DELAYED, HARD, SOFT, Recipient

__all__ = [
    "ACCEPTED",
    "AUTOMATIC",
    "BOUNCE",
    "COMPLAINT",
    "DELAYED",
    "HARD",
    "NOTICE",
    "RECEIPT",
    "REPLY",
    "REPORTS",
    "SOFT",
    "UNREADABLE",
    "Judgement",
    "Recipient",
    "judge",
]
