"""Events: something happens to a record, and it enters, or one to which it leads."""

import re

from lxml import etree

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import LazyTranslate, ormcache

from odoo.addons.marketing_automation.engine.entry_types import CALL, EntryType
from odoo.addons.marketing_automation.models.activity.types.form import show_unless
from odoo.addons.marketing_automation.models.activity.types.settable_fields import (
    MIXIN_NAMES,
    SECRET_NAMES,
    TECHNICAL_MODELS,
    TYPES,
)
from odoo.addons.marketing_automation.models.guards.marketing_checked_mixin import shorten

from ..engine.event_kinds import Email, Link

_lt = LazyTranslate(__name__)

FORM = """
    <field name="event_choices" invisible="1"/>
    <field name="event_kind" widget="marketing_event_choice" options="{'offered': 'kinds'}"
           placeholder="Choose what happens" required="True"/>
    <field name="event_model" invisible="1"/>
    <field name="event_is_general" invisible="1"/>
    <field name="event_is_filtered" invisible="1"/>
    <field name="event_link" widget="marketing_event_choice" options="{'offered': 'links'}"
           placeholder="The record itself" invisible="not event_is_general"/>
    <field name="event_is_chosen" invisible="1"/>
    <field name="event_values" invisible="1"/>
    <field name="event_field" widget="marketing_event_choice" options="{'offered': 'fields'}"
           placeholder="Choose a field" invisible="not event_is_chosen" required="event_is_chosen"/>
    <field name="event_from" widget="marketing_event_values" invisible="event_values != 'both'"/>
    <field name="event_to" widget="marketing_event_values" invisible="not event_values"/>
"""
FORM_TEXTS = (_lt("Choose what happens"), _lt("The record itself"), _lt("Choose a field"))
NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}", re.IGNORECASE | re.ASCII)
LINK = re.compile(r"[a-z][a-z0-9_.]{0,127}:[a-z_][a-z0-9_.]{0,255}", re.IGNORECASE | re.ASCII)
MOST_VALUES = 100
SETTINGS = {
    "kind": "event_kind",
    "link": "event_link",
    "field": "event_field",
    "from": "event_from",
    "to": "event_to",
    "domain": "event_domain",
}
FORM_DOMAIN = """
    <field name="event_domain" widget="domain" options="{'model': 'event_model', 'foldable': true}"
           invisible="not event_model or not event_is_filtered"/>
"""


class MarketingEntry(models.Model):
    """Each kind of event is described by ``_describe_event_<kind>``, and may have, given its settings, methods

    - ``_happens_event_<kind>(settings)``: each Happening
    - ``_model_event_<kind>(settings, target)``: the technical name of the model where it happens
    - ``_ways_event_<kind>(settings, target)``: each Link and Email to the target
    - ``_suits_event_<kind>(settings, target)``: whether it is offered for a target, by default where a way leads to it
    - ``_choices_event_<kind>(settings, target)``: what its form offers besides, as ``event_choices``
    - ``_is_fed_event_<kind>(settings, step)``: whether a campaign's step does it, where no field or new record tells
    - ``_begin_event_<kind>(settings, entry, now)``: what is noted at Start, and at an Update that changes the entry
    - ``_domain_event_<kind>(settings)``: the Domain of the records that count, asked by the engine
    - ``_words_event_<kind>(settings)``: its sentence
    - ``_find_kind_problems_event_<kind>(settings, model)``: in words, what keeps people from entering, as a list;
      the model, where it happens, is in the environment of who is asked about
    - ``_find_entry_problems_event_<kind>(settings, entry)``: the same of an entry that does not run yet
    - ``_find_event_<kind>(campaign, running, now, limit, after)``: finds who enters itself, see ``_enrol_event``
    - ``_find_next_event_<kind>(campaign, running, now)``: when to look next, by default in five minutes
    """

    _inherit = "marketing.entry"

    entry_type = fields.Selection(selection_add=[("event", "Event"), ("missing",)], ondelete={"event": "set missing"})
    event_kind = fields.Char(string="What Happens", help="What has to happen for somebody to enter.")
    event_link = fields.Char(
        string="To What",
        help="The record itself, or another one that links to it, such as an order of this contact.",
    )
    event_domain = fields.Char(
        string="Only If",
        default="[]",
        help="What has to be true of the record to which it happens. The campaign's own filter is about who enters.",
    )
    event_field = fields.Char(string="Which Field", help="The field that has to change.")
    event_from = fields.Json(string="From", help="One of these before it changes. Empty: whatever it was.")
    event_to = fields.Json(string="To", help="One of these once it has changed. Empty: whatever it becomes.")
    event_is_chosen = fields.Boolean(compute="_compute_event_model", help="Whether a field is to be chosen.")
    event_values = fields.Char(
        string="Which Values", compute="_compute_event_model", help="Whether values are asked for: to, or both."
    )
    event_model = fields.Char(string="Model Where It Happens", compute="_compute_event_model")
    event_is_general = fields.Boolean(
        compute="_compute_event_model", help="Whether it happens to the record itself, or to what links to it."
    )
    event_is_filtered = fields.Boolean(compute="_compute_event_model", help="Whether it may have a condition.")

    # ------------------------------------------------------------
    # Kinds
    # ------------------------------------------------------------

    @api.model
    def _describe_entry_event(self):
        settings, nodes, texts = {}, [], [*FORM_TEXTS]
        for kind in self._get_kinds().values():
            settings |= kind.settings
            if kind.form:
                shown = show_unless(f"event_kind != '{kind.name}'", kind.form)
                nodes += [etree.tostring(node, encoding="unicode", with_tail=False) for node in shown]
                texts += kind.form_texts
        return EntryType(
            "event",
            icon="fa-bolt",
            hint=_lt("When something happens: a new record, a stage, a tag, a message"),
            lets_in_again=CALL,
            settings={**SETTINGS, **settings},
            required=("kind",),
            form=FORM + "".join(nodes) + FORM_DOMAIN,
            form_texts=tuple(texts),
        )

    @api.model
    def _get_kinds(self):
        """Return the description of each kind of event whose app is installed, by its name.

        :rtype: dict[str, odoo.addons.marketing_automation_base_automation.engine.event_kinds.EventKind]
        """
        kinds = [getattr(self, name)() for name in self._get_kind_methods()]
        return {kind.name: kind for kind in kinds if (kind.needs or kind.model or "base") in self.env}

    @api.model
    @ormcache()
    def _get_kind_methods(self):
        """Return the names of the methods that describe a kind: to look for them takes 1 ms, and a batch asks often."""
        return tuple(sorted(name for name in dir(type(self)) if name.startswith("_describe_event_")))

    @api.model
    def _ask_kind(self, question, settings, *args, default=None):
        """Return what the method ``_<question>_event_<kind>`` says; the default where the kind has none."""
        answer = getattr(self, f"_{question}_event_{settings['kind']}", None)
        return answer(settings, *args) if answer else default

    def _get_settings(self):
        settings = super()._get_settings()
        if self.entry_type != "event":
            return settings
        kind = self._get_kinds().get(settings["kind"])
        own = {*SETTINGS, *(kind.settings if kind else settings)}
        return {name: value for name, value in settings.items() if name in own}

    @api.model
    def _get_event_model(self, kind, settings, target):
        """Return the technical name of the model where an event happens, or None."""
        model_name = self._ask_kind("model", {"kind": kind.name, **settings}, target, default=kind.model)
        if model_name:
            return model_name
        return (settings.get("link") or "").partition(":")[0] or target

    @api.model
    def _get_ways(self, kind, settings, target):
        """Return the ways by which an event leads to who enters."""
        ways = self._ask_kind("ways", settings, target)
        if ways is not None or kind.model:
            return kind.get_ways(target) if ways is None else ways
        return (Link(target, (settings.get("link") or "").partition(":")[2]),)

    @api.model
    def _get_watched_field(self, kind, name, model_name):
        """Return the field of a model that a kind without a model watches, or None.

        :param name: of the field, where it is chosen
        """
        fields = self.env[model_name]._fields
        names = [name] if kind.chosen else kind.fields
        return next((fields[name] for name in names if name in fields and _is_watchable(fields[name])), None)

    @api.model
    def _get_value_field(self, kind, name, model_name):
        """Return the field of whose values some can be chosen, or None."""
        field = self._get_watched_field(kind, name, model_name)
        return field if field and kind.values and field.type in VALUE_TYPES else None

    @api.constrains("event_kind", "event_link", "event_field", "event_from", "event_to", "event_domain")
    def _check_event(self):
        """Refuse what nobody can mean. What is gone, or not allowed, is a problem of the entry: it does not start."""
        for entry in self:
            for text, pattern in ((entry.event_kind, NAME), (entry.event_link, LINK), (entry.event_field, NAME)):
                if text and not pattern.fullmatch(text):
                    raise ValidationError(_("“%s” cannot be chosen for an event.", shorten(text)))
            for values in (entry.event_from, entry.event_to):
                if values and not _is_list_of_values(values):
                    raise ValidationError(_("“%s” is no list of values.", shorten(values)))
            try:
                self.env["marketing.campaign"]._parse_filter(entry.event_domain, self.env)
            except ValueError as error:
                raise ValidationError(
                    _("“%(label)s” of its event cannot be read: %(error)s", label=_("Only If"), error=error)
                ) from error

    @api.depends(lambda self: ["entry_type", "campaign_id.model_id", *self._get_setting_fields()])
    def _compute_event_model(self):
        kinds = self._get_kinds()
        for entry in self:
            kind = kinds.get(entry.event_kind) if entry.entry_type == "event" else None
            name = kind and self._get_event_model(kind, entry._get_settings(), entry.model_name)
            entry.event_model = name if name in self.env else False
            entry.event_is_general = bool(kind and not kind.model)
            entry.event_is_filtered = bool(kind and kind.filtered)
            entry.event_is_chosen = bool(kind and kind.chosen)
            found = kind and entry.event_model and entry._get_value_field(kind, entry.event_field, entry.event_model)
            entry.event_values = kind.values if found else False

    # ------------------------------------------------------------
    # What keeps people from entering
    # ------------------------------------------------------------

    def _find_problems_event(self, user):
        target = self.model_name
        if target not in self.env:
            return []  # said of the campaign
        settings = self._get_settings()
        problem = self._find_event_problem(settings, target, self.campaign_id._get_env_of(user))
        return [problem] if problem else self._ask_kind("find_entry_problems", settings, self, default=[])

    @api.model
    def _find_running_problem(self, campaign, running):
        if running.entry_type != "event":
            return super()._find_running_problem(campaign, running)
        return self._find_event_problem(running.settings, campaign._get_target(), campaign._get_run_env())

    @api.model
    def _find_event_problem(self, settings, target, env):
        """Return in words why nobody enters by an event, as a user sees it, or None.

        :param str target: technical name of the campaign's target
        :param env: of that user
        """
        problem = self._find_settings_problem(settings, target)
        if problem:
            return problem
        kind = self._get_kinds()[settings["kind"]]
        model = env[self._get_event_model(kind, settings, target)]
        if not model.has_access("read"):
            name = self.env["ir.model"].sudo()._get(model._name).name
            return _("%(user)s may not read “%(model)s”, to which it happens.", user=env.user.name, model=name)
        field = self._get_watched_field(kind, settings.get("field"), model._name)
        if field and not model._has_field_access(field, "read"):
            label = field._description_string(self.env)
            return _("%(user)s may not read “%(field)s”, which has to change.", user=env.user.name, field=label)
        problems = self._ask_kind("find_kind_problems", settings, model, default=[])
        if problems:
            return problems[0]
        campaigns = self.env["marketing.campaign"]
        try:
            domain = campaigns._parse_filter(settings.get("domain"), env)
            campaigns._check_references(model, domain)
            if field and field.relational:
                ids = [*(settings.get("from") or ()), *(settings.get("to") or ())]
                campaigns._check_references(model, Domain(field.name, "in", ids))
            model._search(domain)
        except (UserError, ValueError) as error:
            return _("“%(label)s” of its event cannot be read: %(error)s", label=_("Only If"), error=error)
        return None

    @api.model
    def _find_settings_problem(self, settings, target):
        """Return in words what is gone of what an event rests on, or None."""
        kind = self._get_kinds().get(settings.get("kind"))
        if not kind:
            describe = getattr(self, f"_describe_event_{settings.get('kind')}", None)
            label = self.env._(describe().label) if describe else settings.get("kind")
            return _("The app of the event “%s” was uninstalled: choose another event.", label)
        model_name = self._get_event_model(kind, settings, target)
        if model_name not in self.env or TECHNICAL_MODELS.fullmatch(model_name):
            return _("“%s”, to which it happens, is no longer there: choose another one.", model_name)
        if kind.chosen and not settings.get("field"):
            return _("Choose the field that has to change.")
        if (kind.chosen or kind.fields) and not self._get_watched_field(kind, settings.get("field"), model_name):
            return _(
                "“%(model)s” has no field by which “%(event)s” could be seen: choose another one.",
                model=self.env["ir.model"].sudo()._get(model_name).name,
                event=self.env._(kind.label),
            )
        ways = self._get_ways(kind, settings, target)
        if not any(self._is_way(way, model_name, target) for way in ways):
            return _("What it happens to does not lead to who enters any more: choose another one.")
        return None

    @api.model
    def _is_way(self, way, model_name, target):
        """Tell whether a way leads from a model to a target."""
        model = self.env[model_name]
        for name in way.path.split(".") if way.path else ():
            field = model._fields.get(name)
            if not field or field.type != "many2one" or not field.store:
                return False
            model = self.env[field.comodel_name]
        if isinstance(way, Email):
            address = self.env[target]._fields.get("email_normalized")
            return bool(way.field in model._fields and address and address.store)
        return model._name == target

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _describe_settings_event(self, settings):
        kind = self._get_kinds().get(settings.get("kind"))
        if not kind:
            return _("When something happens")
        words = self._ask_kind("words", settings, default=None) or self._word_change(kind, settings)
        where = self._describe_link(kind, settings)
        if where:
            words = _("%(event)s (%(where)s)", event=words, where=where)
        model = self._get_event_model(kind, settings, self.model_name)
        condition = self._word_event_domain(model, settings.get("domain"))
        return _("%(event)s, if %(condition)s", event=words, condition=condition) if condition else words

    def _word_change(self, kind, settings):
        """Return what happens, with the values before and after where they are given."""
        words, target = self.env._(kind.label), self.model_name
        model_name = self._get_event_model(kind, settings, target)
        field = model_name in self.env and self._get_watched_field(kind, settings.get("field"), model_name)
        if field and kind.chosen:
            words = _("“%s” changes", field._description_string(self.env))
        if field and kind.values and field.type in VALUE_TYPES:
            if kind.values == "both" and settings.get("from"):
                words = _("%(change)s from %(values)s", change=words, values=self._word_values(field, settings["from"]))
            if settings.get("to"):
                pattern = _("%(change)s to %(values)s") if kind.chosen else _("%(change)s: %(values)s")
                words = pattern % {"change": words, "values": self._word_values(field, settings["to"])}
        return words

    @api.model
    def _word_values(self, field, values):
        """Return values of a field in words: names of records as far as the reader may see them."""
        if field.relational:
            records = self.env[field.comodel_name].sudo(False).with_context(active_test=False).browse(values)
            names = records.exists()._filtered_access("read").mapped("display_name") or [_("(hidden or deleted)")]
        elif field.type == "selection":
            labels = dict(field._description_selection(self.env))
            names = [labels.get(value, str(value)) for value in values]
        else:
            names = [_("set") if value else _("not set") for value in values]
        return _(" or ").join(f"“{name}”" for name in names)

    def _word_event_domain(self, model_name, text):
        campaigns = self.env["marketing.campaign"]
        try:
            domain = campaigns._parse_filter(text, self.env)
            return "" if domain.is_true() else campaigns._describe_domain(self.env[model_name], domain)
        except Exception:  # what cannot be read is told where that matters
            return ""

    def _describe_link(self, kind, settings):
        """Return in words to what an event happens; an empty text for the target itself, or where the kind says it."""
        if kind.model or not settings.get("link"):
            return ""
        return self._get_link_label(settings["link"])

    @api.model
    def _get_link_label(self, link):
        """Return a link in words: the model, and what it calls who enters."""
        model_name, _colon, path = link.partition(":")
        model, labels = self.env.get(model_name), [self.env["ir.model"].sudo()._get(model_name).name or model_name]
        for name in path.split("."):
            field = model._fields.get(name) if model is not None else None
            labels.append(field._description_string(self.env) if field else name)
            model = self.env.get(field.comodel_name) if field and field.relational else None
        return " › ".join(labels)

    # ------------------------------------------------------------
    # The engine
    # ------------------------------------------------------------

    @api.model
    def _enrol_event(self, campaign, running, now, limit, after):
        """Take in whom a kind finds itself, see ``_enrol_by``; of the others the engine is told.

        ``_find_event_<kind>(campaign, running, now, limit, after)`` returns for which occurrence (a text, or None)
        each record of the target enters, by its id, and where to go on, or None. Nobody enters twice for the same.
        """
        find = getattr(self, f"_find_event_{running.settings.get('kind')}", None)
        entry = self.browse(running.id or []).exists()
        if not find or not entry or self._find_running_problem(campaign, running):
            return None
        occurrences, position = find(campaign, running, now, limit, after)
        keyed = {res_id: key for res_id, key in occurrences.items() if key}
        people = entry._leave_out_known(keyed) | {res_id: None for res_id, key in occurrences.items() if not key}
        if people:
            campaign._enrol(now, len(people), res_ids=sorted(people), source="event", entry=entry, occurrences=people)
        if position is None:
            entry.look_date = now
        return position


VALUE_TYPES = ("many2one", "many2many", "selection", "boolean")


def _is_watchable(field):
    """Tell whether a change of a field can be an event: one of the record itself that is no secret."""
    return bool(
        field.type in TYPES
        and field.store
        and not field.company_dependent
        and field.name not in models.MAGIC_COLUMNS
        and not MIXIN_NAMES.fullmatch(field.name)
        and not SECRET_NAMES.search(field.name)
    )


def _is_list_of_values(values):
    return (
        isinstance(values, list)
        and len(values) <= MOST_VALUES
        and all(isinstance(value, bool | int | str) for value in values)
    )
