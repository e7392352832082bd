"""A condition: who matches it goes on at *Yes*, the others at *No*."""

from odoo import _, api, fields, models
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ....engine.activity_types import ActivityType
from ....engine.behaviour import read_behaviour
from ....engine.errors import CampaignStop
from ....engine.workflow import Trigger, has_conditions

_lt = LazyTranslate(__name__)

YES, NO = "yes", "no"
# What is remembered of a record, to say later why it went on at Yes or No: of fields of few values, as many
FACT_TYPES = ("boolean", "selection", "many2one", "many2many", "integer", "date")
MOST_FACTS, MOST_LINKS = 3, 10
CONDITION = ActivityType(
    "condition",
    icon="fa-code-fork",
    group="logic",
    light=True,
    hint=_lt("Go one way or the other, by what is true of the record"),
    does=(_lt("look at the record"), _lt("see whether “%s” is true of the record")),
    settings={"domain": "condition_domain", "behavior": "condition_behavior"},
    triggers={"cond_yes": Trigger(branch=YES), "cond_no": Trigger(branch=NO)},
    form="""
        <field name="condition_domain" widget="domain" options="{'model': 'model_name', 'foldable': true}"/>
        <field name="condition_behavior" widget="marketing_behaviour"/>
        <field name="behavior_steps" invisible="1"/>
    """,
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    condition_domain = fields.Char(
        string="Condition",
        default="[]",
        help="Records that match it when the activity runs go on at Yes, the others at No.",
    )

    condition_behavior = fields.Json(
        string="Behaviour",
        help="What participants did with their messages. With a condition on the record, both have to be true for Yes.",
    )

    @api.model
    def _describe_type_condition(self):
        return CONDITION

    @api.constrains("condition_domain", "campaign_id")
    def _check_condition_domain(self):
        for activity in self.filtered("condition_domain"):
            activity.campaign_id._check_filter(activity.condition_domain, _("the condition “%s”", activity.name))

    @api.constrains("condition_behavior")
    def _check_condition_behavior(self):
        for activity in self:
            activity.campaign_id._check_behaviour(
                activity.condition_behavior, _("the behaviour of “%s”", activity.name)
            )

    def _find_errors_condition(self):
        if has_conditions(self.condition_domain) or read_behaviour(self.condition_behavior):
            return self.campaign_id._find_behaviour_errors(self.condition_behavior, _("The condition “%s”", self.name))
        return [_("“%s” has no condition yet: add what has to be true for Yes.", self.name)]

    def _find_filters_condition(self):
        return {_("The condition “%s”", self.name): self.condition_domain or "[]"}

    def _card_condition(self):
        behaviour = self.campaign_id._describe_behaviour(self.condition_behavior)
        if not behaviour:
            return {"condition": self.condition_domain or "[]"}
        # the browser has better words for filters
        filter_words = ["%s"] if has_conditions(self.condition_domain) else []
        words = _("If %s", _(" and ").join([*filter_words, behaviour]))
        return {"condition": self.condition_domain or "[]", "condition_words": words}

    def _label_condition(self):
        if not self.campaign_id._describe_behaviour(
            self.condition_behavior
        ):  # nor of what is none, before it is refused
            return None
        return _("see whether %s", self._describe_settings_condition(self._get_settings()))

    def _describe_settings_condition(self, settings):
        """Return in words what has to be true for Yes, given the settings of the activity or of the step that runs."""
        parts = [
            self.campaign_id._describe_filter(settings["domain"] or "[]"),
            self.campaign_id._describe_behaviour(settings.get("behavior")),
        ]
        return _(" and ").join(filter(None, parts))

    def _compare_condition(self, old):
        """Return in words what has changed since a step was published."""
        before, after = self._describe_settings_condition(old), self._describe_settings_condition(self._get_settings())
        if before == after:
            return []
        return [
            _("“%(name)s” was: If %(before)s. It becomes: If %(after)s.", name=self.name, before=before, after=after)
        ]

    def _relink_condition(self, original, copies):
        if self.condition_behavior:
            self.condition_behavior = self.campaign_id._relink_behaviour(self.condition_behavior, copies)

    @api.model
    def _foresee_condition(self, step, branch, campaign):
        if step.settings.get("behavior"):
            return None  # nobody knows
        domain = campaign._parse_filter(step.settings["domain"], campaign._get_run_env())
        return domain if branch == YES else ~domain if branch == NO else Domain.TRUE

    def _explain_branch_condition(self, trace):
        """Return in words why a participant took its branch: what the record had when it was looked at."""
        params = trace.end_params or {}
        if params.get("unbehaved"):
            return _("they had not done what it asks")
        model, words = self.env.get(trace.participant_id.model_name), []
        if model is None or not model.browse(trace.res_id).has_access("read"):
            return ""
        for name, value in (params.get("facts") or {}).items():
            field = model._fields.get(name)
            if field is not None and field.type in FACT_TYPES and model._has_field_access(field, "read"):
                label = field._description_string(self.env)
                known = self._word_fact(field, value)
                words.append(
                    _("%(field)s was %(value)s", field=label, value=known) if known else _("%s was empty", label)
                )
        return ", ".join(words)

    def _word_fact(self, field, value):
        """Return a value that is remembered, as a reader may know it; an empty text for nothing."""
        if field.relational:
            ids = value if isinstance(value, list) else [value] if value else []
            records = self.env[field.comodel_name].sudo(False).browse(ids).exists()._filtered_access("read")
            hidden = [_("(hidden or deleted)")] if len(records) < len(ids) else []
            return ", ".join([*records.mapped("display_name"), *hidden])
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value or "")
        return self._word_update_value(field, value) if value or field.type != "date" else ""

    @api.model
    def _read_facts(self, records, domain):
        """Return what the fields that a condition is about have now, by one query, and one for links to many.

        :param records: of the target, of whom those that their user may not read have none
        :param Domain domain: the condition
        :return: values by field, by record id
        :rtype: dict[int, dict]
        """
        names = {}  # in their order
        for condition in domain.iter_conditions():
            name = condition.field_expr.split(".")[0]
            field = records._fields.get(name)
            if field is not None and field.store and field.type in FACT_TYPES:
                names[name] = field
        names = dict(list(names.items())[:MOST_FACTS])
        if not names:
            return {}
        found = records.with_context(active_test=False).search_fetch([("id", "in", records.ids)], list(names))
        return {
            record.id: {name: self._read_fact(record, name, field) for name, field in names.items()} for record in found
        }

    @api.model
    def _read_fact(self, record, name, field):
        value = record[name]
        if field.type == "many2one":
            return value.id
        if field.type == "many2many":
            return value.ids[:MOST_LINKS]
        return str(value) if field.type == "date" and value else value

    @api.private
    def _execute_condition(self, traces, now):
        """Decide for a batch of traces by one query, as the campaign's user, and one for each line of its behaviour.

        :raise CampaignStop: when the condition cannot be read
        """
        campaign, workflow = self.campaign_id, self.campaign_id._get_workflow()
        settings = workflow.steps[self.id].settings
        behaviour = read_behaviour(settings.get("behavior"))  # of 19.0.1.0.3 it has none
        env, res_ids = campaign._get_run_env(), traces.mapped("res_id")
        yes, params = set(traces.ids), {}
        try:
            if has_conditions(settings["domain"]) or not behaviour:
                matching = campaign._filter_res_ids(env, res_ids, [settings["domain"]], within=workflow.domain)
                yes = {trace.id for trace in traces if trace.res_id in matching}
                domain = campaign._parse_filter(settings["domain"], env)
                facts = self._read_facts(env[campaign.model_name].browse(res_ids), domain)
                params = {trace.id: {"facts": facts[trace.res_id]} for trace in traces if trace.res_id in facts}
            if behaviour and yes:
                behaving = self._find_behaving(behaviour, traces.filtered(lambda trace: trace.id in yes), now)
                params |= dict.fromkeys(yes - behaving, {"unbehaved": True})
                yes &= behaving
        except CampaignStop as stop:
            raise CampaignStop(_("The condition “%(name)s”: %(error)s", name=self.name, error=stop)) from stop
        return {trace.id: ("processed", None, params.get(trace.id), YES if trace.id in yes else NO) for trace in traces}
