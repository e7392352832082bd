from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ...engine.behaviour import read_behaviour
from ...engine.workflow import has_conditions
from ..numbers import format_number

UNITS = [("days", "Days"), ("weeks", "Weeks"), ("months", "Months")]
LONGEST_WINDOW = 1_000  # units


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    goal_domain = fields.Char(
        string="Goal",
        help=(
            "What is true of a record once the campaign has succeeded with it. Records that match it from the start "
            "do not enter."
        ),
    )
    goal_behavior = fields.Json(
        string="Goal by Behaviour",
        help="What participants did with their messages. With a goal on the record, both have to be true.",
    )
    goal_window_number = fields.Integer(
        string="Counts Until",
        default=30,
        help="How long after participants have finished reaching the goal still counts.",
    )
    goal_window_unit = fields.Selection(UNITS, string="Unit of the Window", default="days", required=True)
    goal_leave = fields.Boolean(
        string="Finish at the Goal",
        default=True,
        help="Participants who reach the goal finish at once and get nothing more.",
    )
    exit_domain = fields.Char(
        string="Exit When",
        help=(
            "Participants who come to match it leave at once, before their next step. Records that match it from "
            "the start do not enter."
        ),
    )
    behavior_steps = fields.Json(
        compute="_compute_behavior_steps", help="Id and name of each step whose messages a behaviour may be about."
    )
    has_goal = fields.Boolean(compute="_compute_has_goal")
    goal_text = fields.Char(string="Goal in Words", compute="_compute_has_goal")

    @api.depends("marketing_activity_ids.name", "marketing_activity_ids.activity_type")
    def _compute_behavior_steps(self):
        for campaign in self:
            campaign.behavior_steps = campaign._get_behavior_steps()

    @api.depends(lambda self: self._get_goal_fields() + ["marketing_activity_ids.name", "model_id"])
    @api.depends_context("lang", "uid")
    def _compute_has_goal(self):
        for campaign in self:
            campaign.has_goal = campaign._has_goal(campaign)
            campaign.goal_text = campaign.has_goal and campaign._describe_goal(campaign)

    @api.constrains("goal_domain", "exit_domain", "model_id")
    def _check_goal_filters(self):
        for campaign in self:
            for label, text in campaign._get_goal_filters().items():
                campaign._check_filter(text, label[:1].lower() + label[1:])

    @api.constrains("goal_behavior")
    def _check_goal_behavior(self):
        for campaign in self:
            campaign._check_behaviour(campaign.goal_behavior, _("the behaviour of its goal"))

    @api.constrains("goal_window_number")
    def _check_goal_window(self):
        if any(not 0 <= campaign.goal_window_number <= LONGEST_WINDOW for campaign in self):
            raise ValidationError(
                _(
                    "How long a goal counts after the end is a number from 0 to %s.",
                    format_number(self.env, LONGEST_WINDOW),
                )
            )

    # ------------------------------------------------------------
    # What it is
    # ------------------------------------------------------------

    @api.model
    def _get_goal_fields(self):
        """Return the fields of goal and exit, as the workflow that runs keeps them."""
        return ["goal_domain", "goal_behavior", "goal_window_number", "goal_window_unit", "goal_leave", "exit_domain"]

    def _get_goal_values(self):
        """Return goal and exit as a Workflow keeps them: what says nothing is None."""
        self.ensure_one()
        return {
            "goal_domain": self.goal_domain if has_conditions(self.goal_domain) else None,
            "goal_behavior": self.goal_behavior if self._is_behaviour(self.goal_behavior) else None,
            "exit_domain": self.exit_domain if has_conditions(self.exit_domain) else None,
            "goal_window_number": self.goal_window_number,
            "goal_window_unit": self.goal_window_unit,
            "goal_leave": self.goal_leave,
        }

    def _get_goal_filters(self):
        """Return the filters of goal and exit, by what they are; those that say something."""
        self.ensure_one()
        filters = {_("Its goal"): self.goal_domain, _("Its exit condition"): self.exit_domain}
        return {label: text for label, text in filters.items() if has_conditions(text)}

    @api.model
    def _has_goal(self, described):
        """Tell whether there is a goal.

        :param described: what has the fields of a goal: a campaign, or the :class:`Workflow` that runs
        """
        return has_conditions(described.goal_domain) or self._is_behaviour(described.goal_behavior)

    @api.model
    def _is_behaviour(self, data):
        try:
            return bool(read_behaviour(data))
        except ValueError:  # refused when it is saved
            return False

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _describe_goal(self, described):
        """Return in words what the goal is, how long it counts, and what becomes of who reaches it.

        :param described: see :meth:`_has_goal`
        """
        if not self._has_goal(described):
            return _("There is no goal.")
        words = [
            has_conditions(described.goal_domain) and (self._describe_filter(described.goal_domain) or _("its filter")),
            self._describe_behaviour(described.goal_behavior),
        ]
        window = self.env["marketing.activity"]._get_duration_label(
            described.goal_window_number, described.goal_window_unit
        )
        return _(
            "Reached when %(goal)s, until %(window)s after they have finished. %(leave)s",
            goal=_(" and ").join(filter(None, words)),
            window=window,
            leave=_("Who reaches it has finished.") if described.goal_leave else _("Who reaches it goes on."),
        )

    def _describe_goal_changes(self, old, new):
        """Return in words what has changed of goal and exit, as a list that is empty where nothing did.

        :param Workflow old: what runs
        :param Workflow new: as it is described now
        """
        changes = []
        if old.differs(new, [fname for fname in self._get_goal_fields() if fname != "exit_domain"]):
            changes.append(
                _(
                    "The goal was changed. Before: %(before)s Now: %(now)s",
                    before=self._describe_goal(old),
                    now=self._describe_goal(new),
                )
            )
        if old.exit_domain != new.exit_domain:
            changes.append(
                _(
                    "Who leaves was changed. Before: %(before)s. Now: %(now)s.",
                    before=self._describe_exit(old),
                    now=self._describe_exit(new),
                )
            )
        return changes

    def _describe_exit(self, described):
        if not has_conditions(described.exit_domain):
            return _("nobody by an exit condition")
        return self._describe_filter(described.exit_domain) or _("by an exit condition")

    # ------------------------------------------------------------
    # Before it runs
    # ------------------------------------------------------------

    def _find_goal_errors(self):
        """Return in words what keeps the goal from being looked at; its filters are read with the others."""
        return self._find_behaviour_errors(self.goal_behavior, _("The goal"))
