"""What a way into a campaign gives: one description for each type, which everybody asks. Pure, without Odoo.

Texts are given with Odoo's ``LazyTranslate``: descriptions are made once, and read in every language.
"""

from dataclasses import dataclass, field

# When a record that was in the campaign before is let in again
CALL = "call"  # each time that somebody asks for it
OCCURRENCE = "occurrence"  # once for each occurrence: a date, a year's anniversary
CHANGE = "change"  # when it had stopped matching in between, or after a delay
AGAIN = (CALL, OCCURRENCE, CHANGE)


@dataclass(frozen=True)
class EntryType:
    """One type of entry, found by the method ``_describe_entry_<name>`` of ``marketing.entry``.

    A type that finds its records itself has a method ``_enrol_<name>(campaign, running, now, limit, after)`` there,
    which each enrolment of a running campaign calls; the others are told who comes, and call
    ``marketing.campaign._enrol``. The developer guide lists the other methods that a type may have.

    :param str name: its value of ``entry_type``, and the source of its participants
    :param str icon: a class of Font Awesome
    :param str hint: one line that says what it is for, where it is offered
    :param str lets_in_again: ``CALL``, ``OCCURRENCE`` or ``CHANGE``
    :param dict settings: what a running campaign keeps of an entry, as ``Entry.settings``: a field of
        ``marketing.entry`` by the name of the setting
    :param tuple required: the settings without which a campaign does not start
    :param form: XML of what the form shows of it; by default the fields of its settings
    :param tuple form_texts: its texts, and the attributes that people read, as ``LazyTranslate`` gives them
    """

    name: str
    icon: str = "fa-sign-in"
    hint: str = ""
    lets_in_again: str = CALL
    settings: dict = field(default_factory=dict)
    required: tuple = ()
    form: str | None = None
    form_texts: tuple = ()

    def __post_init__(self):
        if self.lets_in_again not in AGAIN:
            raise ValueError(f"unknown: {self.lets_in_again!r}")
