"""How a split finds its best branch: the settings of it, what is refused, and in words."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ....engine.split import choose_branch
from ...numbers import format_number

GOAL = "goal"
METRICS = {"opened": "open", "clicked": "click", "replied": "reply"}  # which event of a message
LARGEST = {"winner_after_number": 1_000_000, "winner_after_days": 365, "winner_deadline_days": 1_000}
CERTAINTIES = 80, 99  # per cent


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    winner_metric = fields.Selection(
        [("opened", "Opened"), ("clicked", "Clicked"), ("replied", "Replied to"), (GOAL, "The goal is reached")],
        string="Winner By",
        help=(
            "What makes a branch the best: of the first message on each branch, how many open it, click in it or reply "
            "to it; or how many reach the goal. Empty: there is no winner, people go on by the weights for ever."
        ),
    )
    winner_after_number = fields.Integer(
        string="First Look After",
        default=200,
        help="So many participants. Each counts a day after the message, or after the split for a goal. 0: not at all.",
    )
    winner_after_days = fields.Integer(
        string="First Look After Days", default=0, help="So many days after the first participant. 0: not at all."
    )
    winner_confidence = fields.Integer(
        string="Certainty",
        default=95,
        help="With 95 %, of 100 splits whose branches are alike at most 5 ever get a winner.",
    )
    winner_deadline_days = fields.Integer(
        string="Draw After", default=30, help="So many days without a winner end in a draw. 0: it goes on for ever."
    )
    winner_rule = fields.Json(compute="_compute_winner_rule", help="What a running split keeps of it.")
    winner_branch_id = fields.Many2one(
        "marketing.activity.branch",
        string="Winner",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Everybody who comes to the split takes this branch.",
    )

    @api.depends(lambda self: ["winner_metric", "winner_confidence", *LARGEST])
    def _compute_winner_rule(self):
        for activity in self:
            activity.winner_rule = activity.winner_metric and {
                "metric": activity.winner_metric,
                "number": activity.winner_after_number,
                "days": activity.winner_after_days,
                "confidence": activity.winner_confidence,
                "deadline": activity.winner_deadline_days,
            }

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    @api.constrains("winner_metric", "winner_confidence", *LARGEST)
    def _check_winner(self):
        for activity in self.filtered("winner_metric"):
            for fname, largest in LARGEST.items():
                if not 0 <= activity[fname] <= largest:
                    raise ValidationError(
                        _(
                            "“%(field)s” of “%(activity)s” is a number from 0 to %(maximum)s.",
                            field=self._fields[fname]._description_string(self.env),
                            activity=activity.name,
                            maximum=format_number(self.env, largest),
                        )
                    )
            least, most = CERTAINTIES
            if not least <= activity.winner_confidence <= most:
                raise ValidationError(
                    _(
                        "The certainty of “%(activity)s” is %(number)s %%: it must be from %(minimum)s to %(maximum)s.",
                        activity=activity.name,
                        number=activity.winner_confidence,
                        minimum=least,
                        maximum=most,
                    )
                )
            if not activity.winner_after_number and not activity.winner_after_days:
                raise ValidationError(
                    _("“%s” never looks for its winner: say after how many participants or days.", activity.name)
                )
            if 0 < activity.winner_deadline_days <= activity.winner_after_days:
                raise ValidationError(_("“%s” ends in a draw before it looks for its winner.", activity.name))

    def _find_winner_errors(self):
        """Return in words what keeps a split from ever having a winner."""
        names = {"activity": self.name}
        open_branches = self.branch_ids.filtered("weight")
        if not self.winner_metric:
            return []
        if len(open_branches) < 2:
            return [
                _("“%(activity)s” has no other branch that anybody takes: of one alone there is no winner.", **names)
            ]
        if self.winner_metric == GOAL:
            has_goal = self.campaign_id.has_goal or self._ends_at_goal()
            return (
                [] if has_goal else [_("“%(activity)s” finds its winner by the goal: the campaign has none.", **names)]
            )
        messages = self.campaign_id._build_workflow().find_first_messages(self.id, self._get_sending_types())
        measured = [branch for branch in open_branches if messages.get(branch._get_key())]
        if len(measured) < 2:
            return [
                _(
                    "“%(activity)s” compares messages: fewer than two of its branches have one. Compare by the goal.",
                    **names,
                )
            ]
        return []

    def _ends_at_goal(self):
        """Tell whether an End of the campaign counts as its goal."""
        steps = self.campaign_id.marketing_activity_ids
        return any(step.activity_type == "end" and step.end_is_goal for step in steps)

    @api.model
    def _get_sending_types(self):
        return {name for name, described in self._get_types().items() if described.sends}

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    @api.model
    def _describe_winner_rule(self, rule):
        """Return in words how a winner is found.

        :param rule: see :meth:`_compute_winner_rule`
        """
        if not rule:
            return _("no winner")
        words = _(
            "the winner by “%(metric)s”, first looked for after %(looks)s, with a certainty of %(certainty)s %%",
            metric=self._get_winner_metric_label(rule["metric"]),
            looks=self._get_looks_label(rule["number"], rule["days"]),
            certainty=rule["confidence"],
        )
        if rule["deadline"]:
            words = _(
                "%(rule)s, a draw after %(days)s", rule=words, days=self._get_duration_label(rule["deadline"], "days")
            )
        return words

    @api.model
    def _get_looks_label(self, number, days):
        """Return in words when a look comes: after how many participants, or days."""
        looks = [
            number and _("%s participants", format_number(self.env, number)),
            days and self._get_duration_label(days, "days"),
        ]
        return _(" or ").join(filter(None, looks))

    @api.model
    def _get_winner_metric_label(self, metric):
        return dict(self._fields["winner_metric"]._description_selection(self.env)).get(metric, metric)

    def _compare_winners(self, old):
        """Return in words what an Update changes of how the winner is found, or of the winner.

        :param dict old: the settings of the split that runs
        """
        before, now = (self._describe_winner_rule(rule) for rule in (old.get("winner"), self.winner_rule))
        changes = self._tell_change(before, now)
        if old["weights"] != self.branch_weights and self.winner_branch_id:
            changes.append(
                _(
                    "“%(branch)s” no longer takes everybody at “%(activity)s”, and the comparison begins anew: its "
                    "branches were changed.",
                    branch=self.winner_branch_id.sudo().name,
                    activity=self.name,
                )
            )
        return changes

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    def _weigh(self, step):
        """Return the weights of the branches of a split as they are now: all to the winner, where there is one.

        :param Step step: as it runs
        """
        weights, winner = step.settings["weights"], self._get_winner_key()
        return [[winner, 1]] if winner in dict(weights) else weights

    def _get_winner_key(self):
        winner = self.winner_branch_id
        return winner._get_key() if winner else None

    def _choose_branches(self, traces):
        """Return which branch each of these traces takes, without a query for each.

        :rtype: dict[int, str]
        """
        weights = self._weigh(self._get_running_step())
        return {trace.id: choose_branch(weights, self.id, trace.participant_id.id, trace.visit) for trace in traces}
