"""A wait: who comes to it stays, until what it waits for is true, or for as long as it lasts at most."""

from contextlib import contextmanager

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, LazyTranslate

from ....engine.activity_types import ActivityType
from ....engine.errors import CampaignStop
from ....engine.waits import DATE, DOMAIN, EVENT, Wait
from ....engine.workflow import Trigger, has_conditions
from ..checks import MAX_INTERVAL
from ..marketing_activity import UNIT_SELECTION
from .jump import HOURS

_lt = LazyTranslate(__name__)

LATEST_CLOCK, EARLIEST_CLOCK = "Etc/GMT+12", "Etc/GMT-14"  # where a day comes last, and first
DONE, TIMEOUT = "done", "timeout"
WAIT = ActivityType(
    "wait",
    icon="fa-hourglass-half",
    hint=_lt("Until something is true, or a day has come"),
    group="logic",
    light=True,
    waits=True,
    does=(_lt("wait"), _lt("wait for “%s”")),
    settings={
        "kind": "wait_type",
        "domain": "wait_domain",
        "field": "wait_date_field",
        "offset": "wait_offset_number",
        "unit": "wait_offset_unit",
        "direction": "wait_offset_direction",
        "time": "wait_time",
        "weekday": "wait_weekday",
        "event": "wait_event",
        "limit": "wait_limit_number",
        "limit_unit": "wait_limit_unit",
    },
    triggers={"wait_done": Trigger(branch=DONE), "wait_timeout": Trigger(branch=TIMEOUT)},
    numbers=("waiting",),
    form="""
        <field name="wait_type" widget="radio" required="True"/>
        <field name="wait_domain" widget="domain" invisible="wait_type != 'domain'"
               options="{'model': 'model_name', 'foldable': true}"/>
        <field name="wait_event" widget="radio" invisible="wait_type != 'event'" required="wait_type == 'event'"/>
        <field name="wait_date_field" widget="marketing_date_field" invisible="wait_type != 'date'"
               required="wait_type == 'date'" placeholder="Choose a date of the record"/>
        <label for="wait_offset_number" invisible="wait_type != 'date'"/>
        <div class="o_row" invisible="wait_type != 'date'">
            <field name="wait_offset_number" widget="marketing_whole_number" class="oe_inline"/>
            <label for="wait_offset_unit" string="Unit" class="visually-hidden"/>
            <field name="wait_offset_unit" class="oe_inline" nolabel="1" required="wait_type == 'date'"/>
            <label for="wait_offset_direction" string="Before or After" class="visually-hidden"/>
            <field name="wait_offset_direction" class="oe_inline" nolabel="1" required="wait_type == 'date'"/>
        </div>
        <field name="wait_weekday" invisible="wait_type != 'weekday'" required="wait_type == 'weekday'"/>
        <field name="wait_time" widget="float_time" invisible="wait_type not in ('date', 'weekday')"/>
        <label for="wait_limit_number"/>
        <div class="o_row">
            <field name="wait_limit_number" widget="marketing_whole_number" class="oe_inline"/>
            <label for="wait_limit_unit" string="Unit" class="visually-hidden"/>
            <field name="wait_limit_unit" class="oe_inline" nolabel="1" required="True"
                   invisible="not wait_limit_number"/>
            <span class="o_marketing_muted" invisible="wait_limit_number">without a limit</span>
        </div>
    """,
    form_texts=(
        *(_lt("Unit"), _lt("Before or After")),
        *(_lt("Choose a date of the record"), _lt("without a limit")),
    ),
)
EVENT_SELECTION = [("open", "Opened"), ("click", "Clicked"), ("reply", "Replied to")]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    wait_type = fields.Selection(
        [
            ("domain", "Until the record matches a filter"),
            ("date", "Until a date of the record"),
            ("weekday", "Until a day of the week"),
            ("event", "Until a message is opened, clicked or replied to"),
        ],
        string="Wait",
        default="domain",
    )
    wait_domain = fields.Char(
        string="Until",
        default="[]",
        help="Participants who match it already go on at once. The others are checked every five minutes.",
    )
    wait_date_field_id = fields.Many2one("ir.model.fields", string="Date of the Record", ondelete="set null")
    wait_date_field = fields.Char(
        string="Date",
        compute="_compute_wait_date_field",
        inverse="_inverse_wait_date_field",
        readonly=False,
        help="The date of the record until which the participant waits.",
    )
    wait_offset_number = fields.Integer(string="Earlier or Later", default=0, help="0: at that date itself.")
    wait_offset_unit = fields.Selection(UNIT_SELECTION, string="Offset Unit", default="days")
    wait_offset_direction = fields.Selection(
        [("before", "before it"), ("after", "after it")], string="Before or After", default="before"
    )
    wait_time = fields.Float(
        string="At",
        default=9.0,
        help="The time of day, in the campaign's time zone. A date that has a time of its own keeps that.",
    )
    wait_weekday = fields.Selection(
        [(str(number), day) for number, day in enumerate(WEEKDAYS)], string="Until the Next", default="1"
    )
    wait_event = fields.Selection(
        EVENT_SELECTION,
        string="Until a Message Is",
        default="open",
        help="Any message of this campaign to the participant. What has happened already counts.",
    )
    wait_limit_number = fields.Integer(
        string="At Most",
        default=0,
        help="Participants who wait longer go on at “Timeout”. 0: no limit, for as long as they are in the campaign.",
    )
    wait_limit_unit = fields.Selection(UNIT_SELECTION, string="Limit Unit", default="hours")

    @api.model
    def _describe_type_wait(self):
        return WAIT

    # by its name, as the target's own views tell it: marketers need not read how all of Odoo's fields are made
    @api.depends("wait_date_field_id")
    def _compute_wait_date_field(self):
        for activity in self:
            activity.wait_date_field = activity.wait_date_field_id.sudo().name

    def _inverse_wait_date_field(self):
        for activity in self:
            field = self.env["ir.model.fields"].sudo()
            name = activity.wait_date_field
            if name:
                field = field._get(activity.model_name, name)
                if not field:
                    raise ValidationError(
                        _("“%(activity)s”: the target has no field “%(name)s”.", activity=activity.name, name=name)
                    )
            activity.wait_date_field_id = field.id

    # ------------------------------------------------------------
    # What it may be
    # ------------------------------------------------------------

    @api.constrains("wait_domain", "campaign_id")
    def _check_wait_domain(self):
        for activity in self.filtered("wait_domain"):
            activity.campaign_id._check_filter(activity.wait_domain, _("what “%s” waits for", activity.name))

    @api.constrains("wait_date_field_id", "campaign_id")
    def _check_wait_date_field_id(self):
        for activity in self.filtered("wait_date_field_id"):
            field = activity.wait_date_field_id.sudo()
            if field.model != activity.model_name or field.ttype not in ("date", "datetime") or not field.store:
                raise ValidationError(
                    _(
                        "“%(activity)s” cannot wait for “%(field)s”: it takes a stored date of the target itself.",
                        activity=activity.name,
                        field=field.field_description,
                    )
                )

    @api.constrains("wait_offset_number", "wait_limit_number")
    def _check_wait_numbers(self):
        for activity in self:
            for fname in ("wait_offset_number", "wait_limit_number"):
                if not 0 <= activity[fname] <= MAX_INTERVAL:
                    raise ValidationError(
                        _(
                            "“%(label)s” of the activity “%(activity)s” is %(number)s: it must be a whole number "
                            "from 0 to %(maximum)s.",
                            label=self._fields[fname]._description_string(self.env),
                            activity=activity.name,
                            number=activity[fname],
                            maximum=MAX_INTERVAL,
                        )
                    )

    @api.constrains("wait_time")
    def _check_wait_time(self):
        for activity in self:
            if not 0 <= activity.wait_time < 24:
                raise ValidationError(
                    _("“%s” waits until a time of day: it lies between 00:00 and 23:59.", activity.name)
                )

    def _find_errors_wait(self):
        if self.wait_type == "domain" and not has_conditions(self.wait_domain):
            return [_("“%s” waits for nothing yet: add what has to be true of the record.", self.name)]
        if self.wait_type == "date" and not self.wait_date_field_id:
            return [_("“%s” lacks the date of the record until which it waits.", self.name)]
        if not self.wait_type or not self[{"weekday": "wait_weekday", "event": "wait_event"}.get(self.wait_type, "id")]:
            return [_("“%s” waits for nothing yet: say until when.", self.name)]
        return []

    def _find_warnings_wait(self):
        late = self.child_ids.filtered(lambda child: child.trigger_type == "wait_timeout")
        if late and not self.wait_limit_number:
            return [
                _(
                    "“%(child)s” never runs: “%(wait)s” waits without a limit. Give it one, or remove what follows its "
                    "timeout.",
                    child=late[0].name,
                    wait=self.name,
                )
            ]
        return []

    def _find_closed_branches_wait(self):
        return {} if self.wait_limit_number else {TIMEOUT: _("Timeout: never, without a limit")}

    def _awaits_replies_wait(self):
        return self.wait_type == "event" and self.wait_event == "reply"

    def _find_filters_wait(self):
        return {_("What “%s” waits for", self.name): self.wait_domain or "[]"} if self.wait_type == "domain" else {}

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _label_wait(self):
        words = self._describe_settings_wait(self._get_settings())
        return words[:1].lower() + words[1:]

    def _describe_settings_wait(self, settings):
        """Return in words for what a step with these settings waits, and for how long.

        :param dict settings: of the activity, or of the step that runs
        """
        wait = Wait.from_settings(settings)
        return self._get_wait_words_of(wait, self._get_until_words(wait))

    def _get_wait_words_of(self, wait, until):
        """Return for what a step waits and for how long, given until when in words."""
        if not wait.limit:
            return _("Wait until %(until)s", until=until)
        limit = self._get_duration_label(wait.limit, wait.limit_unit)
        return _("Wait until %(until)s, at most %(limit)s", until=until, limit=limit)

    def _get_until_words(self, wait):
        if wait.kind == DOMAIN:
            return self.campaign_id._describe_filter(wait.domain) or _("the record matches its filter")
        if wait.kind == DATE:
            return self._get_date_words(wait)
        if wait.kind == EVENT:
            return {
                "open": _("a message is opened"),
                "click": _("a link in a message is clicked"),
                "reply": _("a message is replied to"),
            }.get(wait.event, "-")
        days = dict(self._fields["wait_weekday"]._description_selection(self.env))
        return _("the next %(day)s, %(time)s", day=days.get(str(wait.weekday), "-"), time=self._format_time(wait.time))

    def _label_timing_wait(self, branch):
        """Return how to say when a step runs that follows a branch of this one, without and with an interval."""
        return {
            DONE: (
                _("As soon as the wait %(parent)s is fulfilled"),
                _("%(interval)s after the wait %(parent)s was fulfilled"),
            ),
            TIMEOUT: (
                _("As soon as the time of %(parent)s is over"),
                _("%(interval)s after the time of %(parent)s was over"),
            ),
        }[branch]

    def _get_date_words(self, wait):
        model = self.env.get(self.model_name)
        field = model is not None and wait.field and model._fields.get(wait.field)
        label = _("“%s”", field._description_string(self.env)) if field else _("a date of the record")
        if wait.offset:
            pattern = (
                _("%(interval)s before %(date)s") if wait.direction == "before" else _("%(interval)s after %(date)s")
            )
            words = pattern % {"interval": self._get_duration_label(wait.offset, wait.unit), "date": label}
        else:
            words = label
        if field and field.type == "date":
            words = _("%(date)s, at %(time)s", date=words, time=self._format_time(wait.time))
        return words

    @api.model
    def _format_time(self, time):
        minutes = round(time * 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"

    def _compare_wait(self, old):
        """Return in words what has changed since a step was published."""
        before, after = self._describe_settings_wait(old), self._describe_settings_wait(self._get_settings())
        if before == after:
            return []
        return [
            _("“%(activity)s” was: %(before)s. It becomes: %(after)s.", activity=self.name, before=before, after=after)
        ]

    def _note_wait(self, trace):
        """Return for what a participant waits, or will wait, at this step, as it runs."""
        if trace.state != "scheduled":
            return ""
        campaign = trace.campaign_id.sudo()
        steps = campaign._get_workflow().steps if campaign.workflow and not trace.is_test else {}
        settings = steps[self.id].settings if self.id in steps else self._get_settings()
        return self._describe_settings_wait(settings)

    def _label_branch_wait(self, branch):
        return {
            DONE: _("What it waited for has come."),
            TIMEOUT: _("What it waited for has not come in time."),
        }.get(branch, branch)

    def _card_wait(self):
        wait = Wait.from_settings(self._get_settings())
        if wait.kind == DOMAIN and has_conditions(wait.domain):  # the browser has better words for filters
            return {"condition": self.wait_domain or "[]", "condition_words": self._get_wait_words_of(wait, "%s")}
        return {"condition_words": self._get_wait_words_of(wait, self._get_until_words(wait))}

    # ------------------------------------------------------------
    # The engine
    # ------------------------------------------------------------

    def _pause_wait(self):
        """Return how many hours it takes at least to come here again: a week for who waits for a day of the week."""
        return self._limit_hours(7 * 24) if self.wait_type == "weekday" else 0

    def _pause_after_wait(self, branch):
        """Return how many hours a participant waits at least who goes on at a branch."""
        return self._limit_hours() if branch == TIMEOUT and self.wait_type != "weekday" else 0

    def _limit_hours(self, longest=None):
        limit = self.wait_limit_number * HOURS[self.wait_limit_unit or "hours"]
        return min(limit or longest or 0, longest or limit)

    @api.private
    def _execute_wait(self, traces, now):
        """Have those go on for whom it is fulfilled or over, and the others wait.

        The first time, at its end, and whenever something may have fulfilled it. Of a moment and an end the earlier
        one counts, however late this looks; a record that matches when it is asked has fulfilled it.

        :raise CampaignStop: when it cannot be read what it waits for
        """
        wait = Wait.from_settings(self._get_running_step().settings)
        clocks = self.campaign_id._get_clocks(traces.mapped("res_id"), now)
        values = self._read_wait_dates(wait, traces) if wait.kind == DATE else {}
        matching = self._find_matching(wait, traces) if wait.kind == DOMAIN else set()
        reached = self._find_reached(wait.event, traces.participant_id) if wait.kind == EVENT else {}
        outcomes, dates = {}, {}
        for trace in traces:
            since, tz = trace.waiting_since or now, clocks.get(trace.res_id)
            end = wait.get_end(since, tz)
            if trace.res_id in matching:
                moment = since
            else:
                moment = reached.get(trace.participant_id.id) or wait.get_moment(values.get(trace.res_id), since, tz)
            first = min(filter(None, (moment, end)), default=None)
            if first is None or first > now:
                dates[trace.id] = first
            else:
                outcomes[trace.id] = ("processed", None, None, DONE if first == moment else TIMEOUT)
        traces.filtered(lambda trace: trace.id in dates)._park(dates, now)
        traces.filtered(lambda trace: trace.id in outcomes)._finish(outcomes, now)
        return None

    def _find_matching(self, wait, traces):
        """Return the ids of those records of these traces that match what is waited for."""
        campaign = self.campaign_id
        with self._telling_what_waits():
            return campaign._filter_res_ids(
                campaign._get_run_env(),
                traces.mapped("res_id"),
                [wait.domain],
                within=campaign._get_workflow().domain,
            )

    def _find_reached(self, event, participants):
        """Return when an event first happened to a message of these participants, by the id of each to whom it did."""
        by_machines = event == "open" and self.campaign_id.count_machine_opens
        rows = self.env.execute_query(
            SQL(
                # by the unique index of steps and the one of events on their trace
                """
                SELECT t.participant_id, min(e.date)
                  FROM marketing_trace t JOIN marketing_trace_event e ON e.trace_id = t.id
                 WHERE t.participant_id = ANY(%s) AND e.event = %s AND (%s OR e.origin IS DISTINCT FROM 'machine')
              GROUP BY t.participant_id
                """,
                participants.ids,
                event,
                by_machines,
            )
        )
        return dict(rows)

    def _read_wait_dates(self, wait, traces):
        """Return the dates of records, as the campaign's user sees them, by record id."""
        model = self._get_wait_model(wait)
        with self._telling_what_waits():
            query = model._search(Domain("id", "in", traces.mapped("res_id")), active_test=False)
            column = model._field_to_sql(query.table, wait.field, query)
            rows = self.env.execute_query(query.select(SQL.identifier(query.table, "id"), column))
        return dict(rows)

    def _get_wait_model(self, wait):
        """Return the target with the rights of the campaign's user.

        :raise CampaignStop: where it no longer has the date
        """
        model = self.campaign_id._get_run_env()[self.campaign_id._get_target()]
        field = model._fields.get(wait.field)
        if not field or field.type not in ("date", "datetime") or not field.store:
            raise CampaignStop(
                _("“%(name)s”: the date “%(field)s” is no longer there.", name=self.name, field=wait.field)
            )
        return model

    @api.private
    def _prepare_wait_query_wait(self, step, now):
        """Return the query of the records for whom the wait of a step is fulfilled, None where no record tells.

        A clock tells when a date has come; but somebody may have entered it, or moved it to before. By recipients'
        clocks this is whose date has come on each of them: see :meth:`_prepare_early_wait_query_wait`.

        :param Step step: as it runs
        :param datetime now: UTC
        :raise CampaignStop:
        """
        campaign, wait = self.campaign_id, Wait.from_settings(step.settings)
        with self._telling_what_waits():
            if wait.kind == DOMAIN:
                return campaign._get_filter_query(
                    campaign._get_run_env(), [wait.domain], within=campaign._get_workflow().domain
                )
            if wait.kind == DATE:
                is_own = campaign._get_workflow().tz_mode == "recipient"
                return self._get_come_query(wait, now, LATEST_CLOCK if is_own else campaign._get_tz())
        return None

    @api.private
    def _prepare_early_wait_query_wait(self, step, now):
        """Return the query of the records whose date has come on some clock, which may be theirs; or None.

        Who has been asked since the date was entered goes on by themselves within a day: the look leaves those out.
        """
        wait = Wait.from_settings(step.settings)
        if wait.kind != DATE or self.campaign_id._get_workflow().tz_mode != "recipient":
            return None
        with self._telling_what_waits():
            return self._get_come_query(wait, now, EARLIEST_CLOCK)

    def _get_come_query(self, wait, now, tz):
        """Return the query of the records whose date has come by a clock."""
        model = self._get_wait_model(wait)
        is_moment = model._fields[wait.field].type == "datetime"
        latest = wait.get_latest_value(now, is_moment, tz)
        return model._search(Domain(wait.field, "<=", latest), active_test=False)

    @api.model
    def _foresee_wait(self, step, branch, campaign):
        """Return who does not wait at all: records that match already. Who else goes on, and when, nobody knows."""
        wait = Wait.from_settings(step.settings)
        if wait.kind != DOMAIN or branch != DONE:
            return None
        return campaign._parse_filter(wait.domain, campaign._get_run_env())

    @api.model
    def _find_steps_that_await_events(self, workflow):
        """Return the ids of the steps of a workflow that wait for an event of their participants."""
        return [
            step.id
            for step in workflow.steps.values()
            if step.activity_type == WAIT.name and step.settings.get("kind") == EVENT
        ]

    @contextmanager
    def _telling_what_waits(self):
        """Say of a stop which wait could not be read."""
        try:
            yield
        except (CampaignStop, UserError, ValueError) as error:  # an AccessError is a UserError
            raise CampaignStop(_("What “%(name)s” waits for: %(error)s", name=self.name, error=error)) from error
