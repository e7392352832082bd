"""The types of activities: each is described once, by ``_describe_type_<type>``; everybody asks that."""

from odoo import api, fields, models

from ....engine.activity_types import ICON, ActivityType
from ....engine.workflow import Trigger

MISSING = ActivityType("missing", icon="fa-question-circle")


class Types(dict):
    """Descriptions by name. A type of which nobody knows, as one of an addon that was uninstalled, gives nothing."""

    def __missing__(self, name):
        return ActivityType(name or "")


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    sends_message = fields.Boolean(compute="_compute_sends_message")
    may_be_followed = fields.Boolean(compute="_compute_may_be_followed", search="_search_may_be_followed")

    @api.depends("activity_type")
    def _compute_sends_message(self):
        types = self._get_types()
        for activity in self:
            activity.sends_message = types[activity.activity_type].sends

    @api.depends("activity_type")
    def _compute_may_be_followed(self):
        types = self._get_types()
        for activity in self:
            activity.may_be_followed = types[activity.activity_type].followed

    @api.model
    def _search_may_be_followed(self, operator, value):
        if operator != "in":
            return NotImplemented
        names = [name for name, described in self._get_types().items() if described.followed in value]
        return [("activity_type", "in", names)]

    # ------------------------------------------------------------
    # Descriptions
    # ------------------------------------------------------------

    @api.model
    def _get_types(self):
        """Return the description of each type of activity, by its name.

        A type of a companion addon that was made for 19.0.1.0.2 has none: it is described by the methods that it
        extends. They go with the release after 19.0.1.0.3.

        A type that nobody knows gives nothing.

        :rtype: dict[str, ActivityType]
        """
        types = self._get_described_types()
        names = [name for name, _label in self._fields["activity_type"].selection]
        if len(types) < len(names):
            triggers = self._get_triggers()
            for name in names:
                if name not in types:
                    types[name] = ActivityType(
                        name,
                        icon=self._get_type_icons().get(name, ICON),
                        triggers={key: trigger for key, trigger in triggers.items() if name in trigger.parent_types},
                        sends=name in self._get_message_types(),
                        mailing_type=self._get_mailing_types().get(name),
                    )
        return types

    @api.model
    def _get_described_types(self):
        types = Types()
        for name, _label in self._fields["activity_type"].selection:
            describe = getattr(self, f"_describe_type_{name}", None)
            if describe:
                types[name] = describe()
        return types

    @api.model
    def _describe_type_missing(self):
        return MISSING

    def _get_type(self):
        """Return the description of this activity's type."""
        self.ensure_one()
        return self._get_types()[self.activity_type]

    def _ask_type(self, question, *args, default=None):
        """Return what the method ``_<question>_<type>`` of this activity's type says; the default where it has none."""
        self.ensure_one()
        answer = getattr(self, f"_{question}_{self.activity_type}", None)
        return answer(*args) if answer else default

    def _get_phrase(self, step=None):
        """Return what a step does by its settings, in words: by the method ``_phrase_<type>``; None without one.

        :param step: the Step; by default this activity as it is now
        """
        self.ensure_one()
        activity_type, settings = (
            (step.activity_type, step.settings) if step else (self.activity_type, self._get_settings())
        )
        phrase = getattr(self, f"_phrase_{activity_type}", None)
        return phrase(settings) if phrase else None

    @api.model
    def _get_triggers(self):
        """Return what each trigger type means.

        :rtype: dict[str, odoo.addons.marketing_automation.engine.workflow.Trigger]
        """
        triggers = {"begin": Trigger(has_parent=False), "activity": Trigger()}
        for described in self._get_described_types().values():
            triggers |= described.triggers
        return triggers

    # ------------------------------------------------------------
    # What they execute
    # ------------------------------------------------------------

    def _get_template_id(self):
        """Return the id of what the step executes, which depends on its type, or None."""
        fname = self._get_type().template
        return self[fname].id or None if fname else None

    def _get_settings(self):
        """Return what a running step keeps of this activity for its type: what JSON can hold.

        :rtype: dict
        """
        settings = {}
        for setting, fname in self._get_type().settings.items():
            value = self[fname]
            if self._fields[fname].type in ("one2many", "many2many"):
                value = self.sudo()[fname]  # all of them, whoever asks: else the step would differ by its reader
            if isinstance(value, models.BaseModel):
                value = value.id if self._fields[fname].type == "many2one" else value.ids
            elif self._fields[fname].type in ("date", "datetime"):
                value = self._fields[fname].to_string(value)
            elif self._fields[fname].type == "json" and not value:
                continue  # it came later than the type: of a campaign that runs for longer it is not kept either
            settings[setting] = value
        return settings

    def _get_setting_fields(self):
        """Return the fields of the types' settings, and of what they execute."""
        types = self._get_described_types().values()
        fnames = [fname for described in types for fname in (described.template, *described.settings.values())]
        return list(dict.fromkeys(filter(None, fnames)))

    def _get_lacking_labels(self):
        """Return in words what this activity needs, and does not have.

        :rtype: list[str]
        """
        described = self._get_type()
        if described.template or not self._is_described():
            return [] if self._get_template_id() else [self._get_template_label()]
        return [
            self._fields[fname]._description_string(self.env)
            for setting in described.required
            if not self[fname := described.settings[setting]]
        ]

    def _is_described(self):
        return hasattr(self, f"_describe_type_{self.activity_type}")

    # ------------------------------------------------------------
    # Up to 19.0.1.0.2: they go with the release after 19.0.1.0.3
    # ------------------------------------------------------------

    @api.model
    def _get_message_types(self):
        """Deprecated: ``sends`` of :meth:`_get_types`."""
        return {name for name, described in self._get_described_types().items() if described.sends}

    @api.model
    def _get_mailing_types(self):
        """Deprecated: ``mailing_type`` of :meth:`_get_types`."""
        types = self._get_described_types()
        return {name: described.mailing_type for name, described in types.items() if described.mailing_type}

    @api.model
    def _get_type_icons(self):
        """Deprecated: ``icon`` of :meth:`_get_types`."""
        return {name: described.icon for name, described in self._get_described_types().items()}

    def _get_template_label(self):
        """Deprecated: ``template_label`` of :meth:`_get_types`."""
        label = self._get_type().template_label
        return self.env._(label) if label else self._get_label("activity_type")
