"""What kinds of events there are that bring people into a campaign: one description each, which everybody asks.

Pure, without Odoo. Texts are given with Odoo's ``LazyTranslate``, as those of the types of entries are.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Happening:
    """How an event is seen on the records of a model. Values are compared where somebody saves: they are literals.

    :param bool created: a record is made
    :param bool received: a record gets a message from outside
    :param field: name of the stored field that has to change; None for those two
    :param was: values before, of which it has one; None for any. Of links the ids; False for nothing.
    :param becomes: values after it, as ``was``
    :param bool adds: of links to many: whether one has to come in addition, one of ``becomes`` where they are given
    :param bool filled: whether to be emptied does not count
    :param bool new_too: whether a record that is made with the value counts, too
    :param by_form: what the address contains of the website's page whose form makes it, an empty text for any page;
        None: however it is made
    """

    created: bool = False
    received: bool = False
    field: str | None = None
    was: tuple | None = None
    becomes: tuple | None = None
    adds: bool = False
    filled: bool = False
    new_too: bool = True
    by_form: str | None = None

    def is_seen(self, before, after):
        """Tell whether a change of the field is the event.

        :param before: the value, or the ids of links as a tuple; None for a record that has just been made
        :param after: the same
        """
        is_new = before is None
        if is_new and (not self.new_too or self.was is not None):
            return False
        if isinstance(after, tuple):
            return self._is_link_seen(before or (), after)
        if not is_new and before == after:
            return False
        if (is_new or self.filled) and self.becomes is None and after in (False, None, ""):
            return False
        return (self.was is None or before in self.was) and (self.becomes is None or after in self.becomes)

    def may_be(self, field, values):
        """Tell whether what a step changes may be the event.

        :param field: name of the field; None where a record is made
        :param values: of which the field gets one or more; None where they are not known
        """
        if field is None:
            return self.created and self.by_form is None
        return self.field == field and (None in (self.becomes, values) or bool(set(self.becomes) & set(values)))

    def _is_link_seen(self, before, after):
        if set(before) == set(after) or (self.filled and not after):
            return False
        if self.adds:
            gained = set(after) - set(before)
            return bool(gained if self.becomes is None else gained & set(self.becomes))
        return (self.was is None or bool(set(before or (False,)) & set(self.was))) and (
            self.becomes is None or bool(set(after or (False,)) & set(self.becomes))
        )


@dataclass(frozen=True)
class Watch:
    """What the entry of a running campaign waits for."""

    campaign_id: int
    entry_id: int
    happening: Happening


@dataclass(frozen=True)
class Link:
    """A way from what happened to the record that enters: by links to one record each.

    :param str target: the model to which it leads
    :param str path: names of many2one fields, joined by dots; empty: the record itself
    :param email: name of what happened's own field with an address: who has another one is not meant, since somebody
        may act for others. None: whoever it leads to
    """

    target: str
    path: str = ""
    email: str | None = None


@dataclass(frozen=True)
class Email:
    """A way from what happened to the record that enters: the record of the target with the same email address.

    :param str field: an address, of what happened or of what the path leads to
    :param str path: names of many2one fields, joined by dots; empty: what happened
    """

    field: str = "email_normalized"
    path: str = ""


def make_subject_form(label, placeholder):
    """Return the part of a form in which the one record is chosen that an event is about.

    :param label: what it is, as ``LazyTranslate`` gives it
    :param placeholder: what an empty field means, likewise; both are among the kind's ``form_texts``
    """
    return f"""
        <field name="event_record_model" invisible="1"/>
        <field name="event_record_id" string="{label._source}" placeholder="{placeholder._source}"
               options="{{'no_create': True}}"/>
    """


@dataclass(frozen=True)
class EventKind:
    """One kind of event, found by the method ``_describe_event_<name>`` of ``marketing.entry``.

    It is offered where its model is installed and one of its ways leads to the campaign's target. For the other
    methods that a kind may have see ``models/marketing_entry.py``.

    :param str name: its value of ``event_kind``
    :param label: what happens, as a marketer says it, as ``LazyTranslate`` gives it
    :param hint: one line more
    :param str icon: a class of Font Awesome
    :param model: technical name of the model where it happens; None: the target, or what links to it, as chosen
    :param needs: technical name of a model of the app that it needs; None: its model
    :param subject: technical name of the model of which one record may be chosen, as ``event_record_id``
    :param tuple happens: each :class:`Happening` that is this event; others by ``_happens_event_<name>``. That of a
        kind with ``fields`` or ``chosen`` gets its field and its values.
    :param tuple fields: of a kind without a model: names of fields, of which the first that the model has is watched
    :param bool chosen: whether the field that is watched is chosen
    :param values: whether the form offers values: ``to`` (which it becomes), ``both`` (before, too), or None
    :param tuple ways: each :class:`Link` and :class:`Email`, in the order in which they are tried
    :param bool filtered: whether the form offers *Only If*, a filter of the model where it happens
    :param dict settings: a field of ``marketing.entry`` by the name of the setting
    :param tuple required: the settings without which a campaign does not start
    :param str form: XML of what the form shows of its settings
    :param tuple form_texts: its texts, and the attributes that people read
    """

    name: str
    label: str
    hint: str = ""
    icon: str = "fa-bolt"
    model: str | None = None
    needs: str | None = None
    subject: str | None = None
    happens: tuple = ()
    fields: tuple = ()
    chosen: bool = False
    values: str | None = None
    ways: tuple = ()
    filtered: bool = True
    settings: dict = field(default_factory=dict)
    required: tuple = ()
    form: str = ""
    form_texts: tuple = ()

    def get_ways(self, target):
        """Return the ways that may lead to a target, in their order."""
        return tuple(way for way in self.ways if isinstance(way, Email) or way.target == target)
