"""What a type of activity gives: one description for each, which everybody asks. Pure, without Odoo.

Texts are given with Odoo's ``LazyTranslate``: descriptions are made once, and read in every language.
"""

from dataclasses import dataclass, field, replace

from .workflow import STEPS

ICON = "fa-bolt"


@dataclass(frozen=True)
class ActivityType:
    """One type of activity, found by the method ``_describe_type_<name>`` of ``marketing.activity``.

    What it does is the method ``_execute_<name>`` there; the developer guide lists the other methods that a type may
    have.

    :param str name: its value of ``activity_type``
    :param str icon: a class of Font Awesome
    :param str group: among which types it is offered: ``message``, ``logic``, ``record`` (what changes the record) or
        ``team`` (what colleagues get to do)
    :param int rank: where it is offered in its group: after those with a lower one
    :param str hint: one line that says what it is for, where it is offered
    :param does: what it does in words: without a name, and with ``%s`` for the activity's name
    :param dict triggers: the :class:`~.workflow.Trigger` of what may follow it, by trigger type; it need not name its
        parent types
    :param dict settings: what a running step keeps of its own, as ``Step.settings``: a field of ``marketing.activity``
        by the name of the setting
    :param followed: whether other steps may follow it
    :param tuple required: the settings without which a campaign does not start
    :param template: the field with the template or action that it executes; None for a type without one
    :param template_label: what that is, in words: "an SMS template"
    :param bool waits: whether a participant may stay at a step of it; who waits is looked at again, see
        ``runtime/waits.py``
    :param bool light: whether a step of it costs next to nothing: it sends nothing, runs nobody's code, and is done by
        a few queries for however many. Ten times as many go through it at once.
    :param bool sends: whether it sends messages: its steps are complete when a server has accepted those
    :param mailing_type: the type of the ``mailing.mailing`` that is its template; None for another
    :param numbers: metrics on its card; by default *Sent* and its events for a type that sends, else none
    :param form: XML of what the form shows of it; by default the fields of its settings, "" for a view of its own
    :param tuple form_texts: its texts, and the attributes that people read, as ``LazyTranslate`` gives them: they are
        shown in the reader's language
    :param str address_column: where ``mailing.trace`` keeps the address of its message
    :param str duplicate_code: why a message to an address that got it already is not made
    """

    name: str
    icon: str = ICON
    group: str = "record"
    rank: int = 0
    hint: str = ""
    does: tuple = ()
    triggers: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    required: tuple = ()
    followed: bool = True
    template: str | None = None
    template_label: str = ""
    waits: bool = False
    light: bool = False
    sends: bool = False
    mailing_type: str | None = None
    numbers: tuple | None = None
    form: str | None = None
    form_texts: tuple = ()
    address_column: str = "email"
    duplicate_code: str = "mail_dup"

    def __post_init__(self):
        triggers = {
            name: trigger if trigger.parent_types else replace(trigger, parent_types=frozenset({self.name}))
            for name, trigger in self.triggers.items()
        }
        object.__setattr__(self, "triggers", triggers)

    @property
    def branches(self):
        """The trigger type of each branch that steps of this type may choose."""
        return {trigger.branch: name for name, trigger in self.triggers.items() if trigger.branch not in (None, STEPS)}
