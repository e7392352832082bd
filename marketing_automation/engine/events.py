"""What can happen to a message, and what that says of the steps below it: pure, without Odoo."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EventKind:
    """A kind of event.

    :param implies: name of the event that cannot but have happened before
    :param ends: the code of why the steps that wait for something else no longer run; None where they go on
    :param outlasts_end: whether steps go on waiting for it after the message has come to an end
    :param is_fact: whether it is one that steps can wait for, and that is counted
    :param shows_acceptance: whether it cannot be unless a server has accepted the message
    :param shows_reading: whether somebody was reading as it happened: it tells at which time they usually do
    """

    implies: str | None = None
    ends: str | None = None
    outlasts_end: bool = False
    is_fact: bool = True
    shows_acceptance: bool = True
    shows_reading: bool = False


# In the order in which an end is told: what bounced is not called spam.
KINDS = {
    "sent": EventKind(is_fact=False),
    "open": EventKind(shows_reading=True),
    "click": EventKind(implies="open", shows_reading=True),
    "reply": EventKind(implies="open"),
    "bounce": EventKind(ends="parent_bounced", outlasts_end=True),
    "complaint": EventKind(ends="parent_complained", outlasts_end=True),
    "failed": EventKind(ends="parent_failed", is_fact=False, shows_acceptance=False),
    "unsubscribe": EventKind(outlasts_end=True),
    "auto_answer": EventKind(is_fact=False),
    "blocked": EventKind(is_fact=False, shows_acceptance=False),
}
