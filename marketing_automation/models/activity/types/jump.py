"""Go to: who comes here goes on at another step of the campaign, as often as the limit allows."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, LazyTranslate

from ....engine.activity_types import ActivityType
from ....engine.loops import shortest_way
from ....engine.workflow import Edge

_lt = LazyTranslate(__name__)

MAX_PASSAGES = 50
DAY = 24  # hours
HOURS = {"hours": 1, "days": DAY, "weeks": 7 * DAY, "months": 28 * DAY}
# the branches of a passage: it leads to the other step, or the limit is reached
AGAIN, OVER = "again", "over"
JUMP = ActivityType(
    "jump",
    icon="fa-share",
    hint=_lt("On to another step, or back to one"),
    group="logic",
    light=True,
    does=(_lt("go on at another step"), _lt("go on at another step")),
    settings={"target": "jump_activity_id", "limit": "jump_limit"},
    required=("target",),
    followed=False,
    form="""
        <field name="jump_activity_id" required="True"
               domain="[('campaign_id', '=', campaign_id), ('id', '!=', id)]"
               placeholder="Choose a step of this campaign"
               options="{'no_create': True, 'no_open': True}"/>
        <label for="jump_limit"/>
        <div class="o_row">
            <field name="jump_limit" widget="marketing_whole_number" class="oe_inline"/>
            <span invisible="not jump_limit">time(s) each</span>
            <span class="o_marketing_muted" invisible="jump_limit">without end</span>
        </div>
    """,
    form_texts=(_lt("Choose a step of this campaign"), _lt("time(s) each"), _lt("without end")),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    jump_activity_id = fields.Many2one(
        "marketing.activity",
        string="Go to",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Participants go there at once, whatever that step usually waits for.",
    )
    jump_limit = fields.Integer(
        string="At most",
        default=1,
        help=(
            "How often a participant goes to that step from here: 1 to 50 times; 0: without end, where it takes a day "
            "or more to come round."
        ),
    )

    @api.model
    def _describe_type_jump(self):
        return JUMP

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    @api.constrains("jump_activity_id", "activity_type", "campaign_id")
    def _check_jump_activity_id(self):
        # also those that lead here: what moves to another campaign may not be seen there by all who see theirs
        leading = self.search([("jump_activity_id", "in", self.ids), ("activity_type", "=", "jump")])
        for activity in (self | leading).filtered("jump_activity_id"):
            problem = activity._find_target_problem()
            if problem:
                raise ValidationError(problem)

    @api.constrains("jump_limit")
    def _check_jump_limit(self):
        for activity in self:
            if not 0 <= activity.jump_limit <= MAX_PASSAGES:
                raise ValidationError(
                    _(
                        "“%(activity)s” goes to another step %(number)s times: it must be 1 to %(maximum)s times, or 0 "
                        "for without end.",
                        activity=activity.name,
                        number=activity.jump_limit,
                        maximum=MAX_PASSAGES,
                    )
                )

    def _find_target_problem(self):
        """Return in words why this activity cannot go to its target, or None."""
        target = self.jump_activity_id
        if target == self:
            return _("“%s” goes to itself: choose another step.", self.name)
        if target.campaign_id != self.campaign_id:
            return _(
                "“%(activity)s” goes to “%(target)s”, which is of another campaign: choose a step of this one.",
                activity=self.name,
                target=target.name,
            )
        return None

    def _find_errors_jump(self):
        target = self.jump_activity_id
        if not target:
            return []  # it lacks one
        problem = self._find_target_problem()
        if problem:
            return [problem]
        names = {"activity": self.name, "target": target.name}
        if not target.active:
            return [_("“%(activity)s” goes to “%(target)s”, which was removed: choose another step.", **names)]
        if self._get_round_hours(events=True) == 0:
            return [
                _(
                    "“%(activity)s” goes back to “%(target)s”, and nothing between them waits: all rounds would run at "
                    "once. Have “%(activity)s”, or a step between them, run some time later.",
                    **names,
                )
            ]
        hours = self._get_round_hours()
        if not self.jump_limit and hours is not None and hours < DAY:
            return [
                _(
                    "“%(activity)s” goes back to “%(target)s” without end: it has to take a day or more to come round. "
                    "Have it run later, or limit how often it goes back.",
                    **names,
                )
            ]
        return []

    def _get_round_hours(self, events=False):
        """Return how many hours it takes at least to come round by this jump.

        :param bool events: whether to count waiting for an event as an hour, however soon it may happen
        :return: None where its target does not lead back to it
        """
        workflow = self.campaign_id._build_workflow()
        triggers = self._get_triggers()
        own = {
            activity.id: activity._ask_type("pause", default=0) for activity in self.campaign_id.marketing_activity_ids
        }
        pauses = {}
        for edge in workflow.edges:
            step, trigger = workflow.steps.get(edge.target), triggers.get(edge.trigger_type)
            hours = step.interval_number * HOURS[step.interval_type] if step and not edge.repeats else 0
            waits = events and trigger and trigger.event and not trigger.negative
            source = self.browse(edge.source) if edge.source in own else self.browse()
            left = source._ask_type("pause_after", trigger.branch, default=0) if source and trigger else 0
            pauses[edge] = hours + own.get(edge.target, 0) + left + bool(waits)
        target = self.jump_activity_id.id
        way = shortest_way(workflow.edges, pauses, target, self.id)
        return None if way is None else way + own.get(target, 0)

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _comes_round(self):
        """Tell whether the target is a step before this one, so that participants come here again."""
        step = self.parent_id
        while step and step != self.jump_activity_id:
            step = step.parent_id
        return bool(step)

    def _label_jump(self):
        target = self.jump_activity_id.name
        if not target:
            return None
        if self.jump_limit == 1:
            return _("go back to “%s”, once", target) if self._comes_round() else _("go on at “%s”", target)
        if not self.jump_limit:
            return _("go to “%s”, again and again", target)
        return _("go to “%(target)s”, at most %(number)s times", target=target, number=self.jump_limit)

    def _branches_jump(self):
        labels = {AGAIN: _("Came round") if self._comes_round() else _("Went on")}
        return labels | ({OVER: _("Limit reached")} if self.jump_limit else {})

    def _label_branch_jump(self, branch):
        if branch == OVER:
            return _("It has gone to “%s” as often as it may.", self.jump_activity_id.name or "-")
        return _("Goes to “%s”.", self.jump_activity_id.name or "-")

    def _compare_jump(self, old):
        """Return in words what has changed since a step was published."""
        changes, names = [], {"activity": self.name}
        if old["target"] != self.jump_activity_id.id:
            names |= {
                "old": self.browse(old["target"]).exists().name or "-",
                "new": self.jump_activity_id.name or "-",
            }
            changes.append(_("“%(activity)s” goes to “%(new)s” instead of “%(old)s”.", **names))
        if old["limit"] != self.jump_limit:
            names |= {"old": old["limit"] or _("without end"), "new": self.jump_limit or _("without end")}
            changes.append(_("How often “%(activity)s” goes there: %(new)s instead of %(old)s.", **names))
        return changes

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    def _find_edges_jump(self):
        target = self.jump_activity_id
        return [Edge(self.id, target.id, "activity", repeats=True, branch=AGAIN)] if target else []

    def _relink_jump(self, original, copies):
        self.jump_activity_id = copies.get(original.jump_activity_id.id)

    @api.private
    def _execute_jump(self, traces, now):
        """Let those go on whose passages the limit still allows: by one query for a batch."""
        limit = self._get_running_step().settings["limit"]
        passages = {}
        if limit:
            rows = self.env.execute_query(
                SQL(
                    """SELECT participant_id, count(*) FROM marketing_trace
                        WHERE activity_id = %s AND participant_id = ANY(%s) AND branch = %s GROUP BY participant_id""",
                    self.id,
                    traces.participant_id.ids,
                    AGAIN,
                )
            )
            passages = dict(rows)
        return {
            trace.id: (
                *("processed", None, None),
                AGAIN if not limit or passages.get(trace.participant_id.id, 0) < limit else OVER,
            )
            for trace in traces
        }
