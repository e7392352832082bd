"""A step that makes somebody responsible for the record: one person, or several in turn."""

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate

from ....engine.activity_types import ActivityType
from .people import FEW

_lt = LazyTranslate(__name__)

ASSIGN = ActivityType(
    "assign",
    icon="fa-user-plus",
    hint=_lt("Give them a salesperson, one or in turn"),
    group="team",
    does=(_lt("assign the record to somebody"),) * 2,
    settings={"people": "person_ids", "replace": "assign_replace"},
    required=("people",),
    form="""
        <field name="person_ids" widget="many2many_tags_avatar" string="Assign to" required="True"
               options="{'no_create': True}" placeholder="Choose one person, or several who take turns"/>
        <field name="assign_replace"/>
    """,
    form_texts=(
        _lt("Assign to"),
        _lt("Choose one person, or several who take turns"),
    ),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(
        selection_add=[("assign", "Assign"), ("missing",)], ondelete={"assign": "set missing"}
    )
    assign_replace = fields.Boolean(
        string="Also Reassign",
        help="Also assign records that already have somebody responsible. Otherwise they stay as they are.",
    )

    @api.model
    def _describe_type_assign(self):
        return ASSIGN

    # ------------------------------------------------------------
    # What is refused, or lost
    # ------------------------------------------------------------

    def _find_errors_assign(self):
        return self._find_responsible_error() or self._find_people_problems(self.person_ids.ids)

    def _find_user_errors_assign(self, user):
        return self._find_assign_rights(user)

    def _find_assign_rights(self, who):
        """Return in words that a user may not assign records of the target, as a list."""
        model = self.campaign_id._get_env_of(who)[self.model_name]
        if not self._has_responsible(model):
            return []  # an error of its own
        problems = self.env["ir.actions.server"]._explain_missing_right(model, "write")
        field = model._fields["user_id"]
        if not problems and not model._has_field_access(field, "write"):
            label = field._description_string(self.env)
            problems.append(_("%(person)s may not write the field “%(field)s”.", person=who.name, field=label))
        return [_("“%(activity)s”: %(problem)s", activity=self.name, problem=words) for words in problems]

    def _find_losses_assign(self):
        losses = {activity: activity._find_people_loss(activity.person_ids.ids) for activity in self}
        return {activity: [loss] for activity, loss in losses.items() if loss}

    def _find_hold_assign(self, step, _approved):
        problems = self._find_assign_rights(self.campaign_id._get_run_user())
        return self._find_people_loss(step.settings["people"]) or (problems[0] if problems else None)

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _phrase_assign(self, settings):
        names = self._name_people(settings["people"])
        if len(settings["people"] or []) > 1:
            return _("assign the record, in turn, to %s", names)
        return _("assign the record to %s", names)

    def _note_assign(self, trace):
        if trace.state != "processed":
            return ""
        person = (trace.end_params or {}).get("user_id")
        return _("Assigned to %s.", self._name_people([person])) if person else _("Somebody was responsible already.")

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.model
    def _find_lane_lock_assign(self, step):
        return self._get_turns_lock(step)

    @api.private
    def _execute_assign(self, traces, now):
        """Assign the records of a batch as the campaign's user, by one write for each person.

        :raise RunAlone: where Odoo does something upon it that leaves the transaction
        """
        env, settings = self.campaign_id._get_run_env(), self._get_running_step().settings
        people = self._get_people(settings["people"])
        problems = self._find_assign_rights(env.user) or ([] if people else [self._find_people_loss([])])
        if problems:  # of a test: what runs waits for an Update instead
            return self._fail_each(traces, problems[0])
        records, outcomes = self._split_writable(env, traces)
        if not settings["replace"]:
            records = records.filtered(lambda record: not record.sudo().user_id)
        wanted = set(records.ids)
        traces = traces.filtered(lambda trace: trace.res_id in wanted)
        turns = self._take_turns(traces, people, self._get_record_companies(records))
        for trace in traces.filtered(lambda trace: not turns[trace.id]):
            words = _("None of the people whom the step assigns to works for the record's company.")
            outcomes |= self._fail_each(trace, words)
        ids_by_person = {}
        for trace in traces.filtered(lambda trace: turns[trace.id]):
            ids_by_person.setdefault(turns[trace.id].id, []).append(trace.res_id)
            outcomes[trace.id] = ("processed", None, {"user_id": turns[trace.id].id})
        if ids_by_person:
            self._do_together(traces, lambda: self._assign(records, ids_by_person))
        return outcomes

    def _assign(self, records, ids_by_person):
        for person_id, ids in ids_by_person.items():
            chosen = records.browse(ids)
            if len(ids) > FEW:  # a mail for each of hundreds helps nobody: they see them in their list
                chosen = chosen.with_context(mail_auto_subscribe_no_notify=True)
            chosen.with_context(mail_notify_force_send=False).write({"user_id": person_id})
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger_after_commit()
