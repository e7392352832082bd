"""A step that plans an activity on the record for a colleague: a call, a to-do."""

from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from pytz import timezone

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import LazyTranslate, plaintext2html

from ....engine.activity_types import ActivityType
from ...guards.marketing_checked_mixin import shorten
from .people import FEW

_lt = LazyTranslate(__name__)

MAX_DAYS = 1_000
TASK = ActivityType(
    "task",
    icon="fa-check-square-o",
    hint=_lt("Plan a call or a to-do for somebody"),
    group="team",
    does=(_lt("plan an activity for a colleague"),) * 2,
    settings={
        "type": "task_type_id",
        "summary": "task_summary",
        "note": "task_note",
        "days": "task_days",
        "whom": "whom",
        "people": "person_ids",
    },
    required=("type",),
    form="""
        <field name="task_type_id" required="True" placeholder="e.g. Call"
               options="{'no_create': True, 'no_open': True}"/>
        <field name="task_summary" placeholder="e.g. Call about the offer"/>
        <field name="whom" widget="radio" required="True"/>
        <field name="person_ids" widget="many2many_tags_avatar" options="{'no_create': True}"
               placeholder="Choose one person, or several who take turns"
               invisible="whom != 'people'" required="whom == 'people'"/>
        <label for="task_days"/>
        <div class="o_row">
            <field name="task_days" widget="marketing_whole_number" class="oe_inline"/>
            <span>working days</span>
        </div>
        <field name="task_note" placeholder="What there is to know"/>
    """,
    form_texts=(
        _lt("e.g. Call"),
        _lt("e.g. Call about the offer"),
        _lt("Choose one person, or several who take turns"),
        _lt("working days"),
        _lt("What there is to know"),
    ),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(
        selection_add=[("task", "Plan an Activity"), ("missing",)], ondelete={"task": "set missing"}
    )
    task_type_id = fields.Many2one(
        "mail.activity.type",
        string="What to Plan",
        ondelete="set null",
        domain="['|', ('res_model', '=', False), ('res_model', '=', model_name)]",
    )
    task_summary = fields.Char(string="Summary")
    task_note = fields.Text(string="Details")
    task_days = fields.Integer(string="Due in", default=1, help="In how many working days. 0: on the day itself.")

    @api.model
    def _describe_type_task(self):
        return TASK

    # ------------------------------------------------------------
    # What is refused, or lost
    # ------------------------------------------------------------

    @api.constrains("task_days")
    def _check_task_days(self):
        for activity in self:
            if not 0 <= activity.task_days <= MAX_DAYS:
                raise ValidationError(
                    _("“%(activity)s”: choose 0 to %(most)s working days.", activity=activity.name, most=MAX_DAYS)
                )

    def _find_errors_task(self):
        if self.model_name not in self.env:
            return []
        if "activity_ids" not in self.env[self.model_name]._fields:
            target = self.env["ir.model"].sudo()._get(self.model_name).name
            return [_("“%(activity)s”: no activities are planned on a “%(model)s”.", activity=self.name, model=target)]
        return [*self._find_whom_errors(), *filter(None, [self._find_task_loss(self.task_type_id)])]

    def _find_user_errors_task(self, user):
        return self._find_task_rights(user)

    def _find_task_rights(self, who):
        """Return in words that a user may not plan activities on records of the target, as a list."""
        env = self.campaign_id._get_env_of(who)
        if self.model_name not in env:
            return []
        model = env[self.model_name]
        operation = getattr(model, "_mail_post_access", "write")  # as Odoo asks when one is planned
        explain = self.env["ir.actions.server"]._explain_missing_right
        problems = explain(model, operation) or explain(env["mail.activity"], "create")
        return [_("“%(activity)s”: %(problem)s", activity=self.name, problem=problem) for problem in problems]

    def _find_whom_errors(self):
        """Return in words what is wrong with whom a step is for.

        :rtype: list[str]
        """
        if self.whom == "record":
            return self._find_responsible_error()
        if not self.person_ids:
            return [_("“%s” does not say for whom it is: choose people.", self.name)]
        return self._find_people_problems(self.person_ids.ids)

    def _find_task_loss(self, task_type):
        """Return in words that the type of what is planned is gone or not for the target, or None."""
        task_type = task_type.sudo().exists()
        if not task_type.active:
            return (
                _("“%s”: its type of activity was deleted or archived. Choose another.", self.name)
                if (task_type or self.campaign_state == "running")
                else None
            )
        if task_type.res_model not in (False, self.model_name):
            return _("“%(activity)s”: “%(type)s” is for other records.", activity=self.name, type=task_type.name)
        return None

    def _find_losses_task(self):
        losses = {activity: activity._find_running_task_loss(activity._get_settings()) for activity in self}
        return {activity: [loss] for activity, loss in losses.items() if loss}

    def _find_hold_task(self, step, _approved):
        problems = self._find_task_rights(self.campaign_id._get_run_user())
        return self._find_running_task_loss(step.settings) or (problems[0] if problems else None)

    def _find_running_task_loss(self, settings):
        loss = self._find_task_loss(self.env["mail.activity.type"].browse(settings["type"] or []))
        if loss or settings["whom"] == "record":
            return loss
        return self._find_people_loss(settings["people"])

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _phrase_task(self, settings):
        task_type = self.env["mail.activity.type"].sudo(False).browse(settings["type"] or []).exists()
        what = ": ".join(filter(None, [task_type.name, settings["summary"]]))
        what = _("“%s”", what) if what else _("an activity")
        whom = self._name_whom(settings)
        if settings["whom"] != "record" and len(settings["people"] or []) > 1:
            whom = _("%s in turn", whom)
        names = {"what": what, "whom": whom, "days": settings["days"]}
        if not settings["days"]:
            return _("plan %(what)s for %(whom)s, due on the day itself", **names)
        if settings["days"] == 1:
            return _("plan %(what)s for %(whom)s, due in 1 working day", **names)
        return _("plan %(what)s for %(whom)s, due in %(days)s working days", **names)

    def _compare_task(self, old):
        """Return in words what has changed since a step was published: of its details too, which no sentence tells."""
        now = self._get_settings()
        changes = self._tell_change(self._phrase_task(old), self._phrase_task(now))
        if old["note"] != now["note"]:
            changes.append(
                _(
                    "The details of “%(activity)s” are “%(new)s” instead of “%(old)s”.",
                    activity=self.name,
                    new=shorten(now["note"] or "-"),
                    old=shorten(old["note"] or "-"),
                )
            )
        return changes

    def _name_whom(self, settings):
        if settings["whom"] == "record":
            return _("who is responsible for the record")
        return self._name_people(settings["people"])

    def _note_task(self, trace):
        person = (trace.end_params or {}).get("user_id")
        return _("Planned for %s.", self._name_people([person])) if person else ""

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.model
    def _find_lane_lock_task(self, step):
        return self._get_turns_lock(step) if step.settings["whom"] != "record" else None

    @api.private
    def _execute_task(self, traces, now):
        """Plan an activity on each record of a batch, as the campaign's user.

        :raise RunAlone: where Odoo does something upon it that leaves the transaction
        """
        env, settings = self.campaign_id._get_run_env(), self._get_running_step().settings
        loss = self._find_running_task_loss(settings) or next(iter(self._find_task_rights(env.user)), None)
        if loss:  # of a test: what runs waits for an Update instead
            return self._fail_each(traces, loss)
        target, ids = self.campaign_id._get_target(), traces.mapped("res_id")
        records = env["mail.message"]._filter_records_for_message_operation(target, ids, "create")
        allowed = set(records.ids)
        refused = traces.filtered(lambda trace: trace.res_id not in allowed)
        outcomes = self._fail_each(refused, _("%s may not plan an activity on this record.", env.user.name))
        traces -= refused
        turns = self._find_whom(traces, records, settings)
        for trace in traces:
            if turns[trace.id]:
                outcomes[trace.id] = ("processed", None, {"user_id": turns[trace.id].id})
            else:
                outcomes[trace.id] = ("canceled", "nobody_responsible", None)
        planned = traces.filtered(lambda trace: turns[trace.id])
        if planned:
            self._do_together(planned, lambda: self._plan_tasks(env, planned, turns, settings, now))
        return outcomes

    def _find_whom(self, traces, records, settings):
        """Return for whom a step is, for each trace: an empty res.users where nobody gets it.

        :rtype: dict
        """
        if settings["whom"] == "record":
            by_record = {record.id: record.user_id for record in records.sudo()}
            return {trace.id: self._get_people(by_record[trace.res_id].ids) for trace in traces}
        people = self._get_people(settings["people"])
        return self._take_turns(traces, people, self._get_record_companies(records))

    def _plan_tasks(self, env, traces, turns, settings, now):
        deadline = self._get_deadline(env, settings["days"], now)
        numbers = {}
        for trace in traces:
            numbers.setdefault(turns[trace.id].id, []).append(trace)
        for person_id, their in numbers.items():
            # a mail for each of hundreds helps nobody: they are in the menu of activities
            quiet = {"mail_activity_quick_update": True} if len(their) > FEW else {}
            env["mail.activity"].with_context(mail_notify_force_send=False, **quiet).create(
                [
                    {
                        "res_model_id": env["ir.model"]._get_id(self.campaign_id._get_target()),
                        "res_id": trace.res_id,
                        "activity_type_id": settings["type"],
                        "summary": settings["summary"],
                        "note": plaintext2html(settings["note"]) if settings["note"] else False,
                        "date_deadline": deadline,
                        "user_id": person_id,
                        "automated": True,
                    }
                    for trace in their
                ]
            )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger_after_commit()

    @api.model
    def _get_deadline(self, env, days, now):
        """Return the day that is so many working days after a moment, in the zone of an environment.

        By the working time of the company; Monday to Friday where it has none.
        """
        local = fields.Datetime.context_timestamp(self.with_env(env), now)
        company = env.company.sudo()
        calendar = company.resource_calendar_id if "resource_calendar_id" in company._fields else None
        if not days:
            return local.date()
        if calendar:
            tomorrow = timezone(env.context.get("tz") or "UTC").localize(
                datetime.combine(local.date() + timedelta(days=1), time.min)
            )
            day = calendar.plan_days(days, tomorrow, compute_leaves=True)
            if day:
                return day.date()
        day = local.date()
        while days:
            day += relativedelta(days=1)
            days -= day.weekday() < 5
        return day
