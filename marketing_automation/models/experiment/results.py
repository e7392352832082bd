"""What is known of the branches of a split, in words and as a table."""

from markupsafe import Markup

from odoo import _, api, fields, models

from ...engine.experiment import Tally, get_difference
from ..activity.types.winner import METRICS
from ..moments import format_moment
from ..numbers import format_number

MOST = 0.999  # nothing is said to be more certain
BASES = 100, 1_000, 10_000


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    experiment_results = fields.Html(string="Results", compute="_compute_experiment_results", sanitize=False)

    @api.depends("activity_type", "winner_metric", "winner_branch_id", "winner_date")
    @api.depends_context("lang", "uid")
    def _compute_experiment_results(self):
        splits = self._origin.filtered(lambda activity: activity.activity_type == "split")
        taken, goals = splits._get_branch_numbers(), splits._get_goal_numbers()
        for activity in self:
            split = activity._origin
            results = split._get_branch_results(taken, goals) if split in splits else []
            activity.experiment_results = any(result["taken"] for result in results) and split._format_results(results)

    def _get_branch_results(self, taken, goals):
        """Return the numbers of each branch: of all who ever came, by the counters.

        :param Counter taken: see ``_get_branch_numbers``
        :param Counter goals: see ``_get_goal_numbers``
        :return: of each branch its label, how many took it, and ``(label, total, number)`` of each metric
        :rtype: list[dict]
        """
        campaign = self.campaign_id
        # sudo: what runs is read by the engine alone; of it come the steps whose numbers this user reads
        workflow = campaign.sudo()._get_workflow() if campaign.sudo().workflow else campaign._build_workflow()
        first = workflow.find_first_messages(self.id, self._get_sending_types())
        results = []
        for branch, label in self._get_branch_labels().items():
            ids = first.get(branch, set())
            messages = campaign.marketing_activity_ids.filtered(lambda step, ids=ids: step.id in ids)
            total = taken[self.id, branch]
            metrics = []
            if messages:
                sent = sum(messages.mapped("total_sent"))
                for metric, event in METRICS.items():
                    name = self._get_winner_metric_label(metric)
                    metrics.append((name, sent, min(sent, sum(messages.mapped(f"total_{event}")))))
            if campaign.has_goal or goals[self.id, None]:
                metrics.append((self._get_goal_label(), total, min(total, goals[self.id, branch])))
            results.append(
                {
                    "branch": branch,
                    "label": label,
                    "taken": total,
                    "metrics": metrics,
                    "won": self._get_winner_key() == branch,
                    "is_nothing": not any(step.branch == branch for step in workflow.children(self.id)),
                }
            )
        return results

    def _format_results(self, results):
        """Return the results as a table, with what is to be said of them below."""
        names = list(dict.fromkeys(name for result in results for name, *_numbers in result["metrics"]))
        head = Markup().join(Markup('<th scope="col" class="text-end">%s</th>') % name for name in (_("Taken"), *names))
        rows = Markup()
        for result in results:
            shown = {name: (total, number) for name, total, number in result["metrics"]}
            cells = Markup().join(
                Markup('<td class="text-end text-nowrap" title="%s">%s</td>')
                % (
                    (
                        _("%(number)s of %(total)s", number=shown[name][1], total=shown[name][0]),
                        self._format_rate(*shown[name]),
                    )
                    if name in shown
                    else ("", "-")
                )
                for name in names
            )
            mark = Markup('<i class="fa fa-trophy me-1" role="img" aria-label="%s" title="%s"></i>')
            rows += Markup('<tr><th scope="row">%s%s</th><td class="text-end">%s</td>%s</tr>') % (
                mark % (_("Winner"), _("Winner")) if result["won"] else "",
                result["label"],
                format_number(self.env, result["taken"]),
                cells,
            )
        words = Markup().join(
            Markup("<p class='mb-1'>%s</p>") % line
            for line in (self._get_verdict(), *self._get_uplifts(results))
            if line
        )
        return Markup(
            '<div class="table-responsive"><table class="table table-sm mb-2"><thead><tr><th scope="col">%s</th>%s</tr>'
            "</thead><tbody>%s</tbody></table></div>%s"
        ) % (_("Branch"), head, rows, words)

    def _get_experiment_cards(self, taken, goals):
        """Return what the cards of splits say of their branches, by activity id.

        :param Counter taken: see ``_get_branch_numbers``
        :param Counter goals: see ``_get_goal_numbers``
        """
        splits = self.filtered(lambda activity: activity.activity_type == "split")
        return {split.id: split._get_experiment_card(split._get_branch_results(taken, goals)) for split in splits}

    def _get_experiment_card(self, results):
        if not any(result["taken"] for result in results):
            return False
        lines = []
        if self.winner_metric:
            label = self._get_winner_metric_label(self.winner_metric)
            if self.winner_metric == "goal":
                label = self._get_goal_label()
            for result in results:
                for name, total, number in result["metrics"]:
                    if name == label:
                        words = _(
                            "%(branch)s: %(metric)s %(rate)s",
                            branch=result["label"],
                            metric=name,
                            rate=self._format_rate(total, number),
                        )
                        lines.append({"text": words, "won": result["won"]})
        verdict = [words for words in (self._get_verdict(), *self._get_uplifts(results)) if words]
        return bool(lines or verdict) and {"lines": lines, "verdict": verdict}

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _get_verdict(self):
        """Return in words which branch is the best, and how sure that is; an empty text where nobody asks."""
        look, rule = self.experiment_look or {}, self.winner_rule
        names = {
            "branch": self.winner_branch_id.sudo().name,
            "date": self.winner_date and format_moment(self.env, self.winner_date),
        }
        if self.winner_branch_id and not self.winner_probability:
            return _("“%(branch)s” was chosen by hand on %(date)s: everybody takes it.", **names)
        if self.winner_branch_id:
            return _(
                "“%(branch)s” has won on %(date)s: it is the best with %(chance)s. Everybody takes it.",
                chance=self._format_chance(self.winner_probability),
                **names,
            )
        if self.winner_date:
            return _("A draw on %(date)s: no branch was the best for sure. Everybody goes on by the weights.", **names)
        if not rule:
            return ""
        if not look:
            looks = self._get_looks_label(rule["number"], rule["days"])
            since = self.experiment_start
            if not since:
                return _("Too early to say: the first look comes after %s.", looks)
            return _(
                "Too early to say: the first look comes after %(looks)s. Who has come since %(date)s counts, a day "
                "later.",
                looks=looks,
                date=format_moment(self.env, since),
            )
        return _(
            "Too early to say: “%(branch)s” is better with %(chance)s, and this look takes %(needed)s. Each look takes "
            "more, so that of 100 splits whose branches are alike at most %(error)s get a winner. The next one comes "
            "after %(next)s.",
            branch=self._branches_split().get(look["leader"], "-"),
            chance=self._format_chance(look["chance"]),
            needed=self._format_chance(look["needed"]),
            error=100 - rule["confidence"],
            next=self._get_looks_label(
                rule["number"] and max(rule["number"], 2 * look["number"]),
                rule["days"] and max(rule["days"], round(2 * look["days"])),
            ),
        )

    def _get_uplifts(self, results):
        """Return in words how many more reach the goal on each branch than among those who got nothing.

        :param list results: see :meth:`_get_branch_results`
        """
        goal = self._get_goal_label()
        tallies = {
            result["branch"]: Tally(total, number)
            for result in results
            for name, total, number in result["metrics"]
            if name == goal
        }
        control = next((result["branch"] for result in results if result["is_nothing"]), None)
        if control not in tallies or not tallies[control].total:
            return []
        if not any(tally.successes for tally in tallies.values()):
            return []  # nobody has bought yet: between fewer and more would say nothing
        return [
            _(
                "“%(branch)s”: %(uplift)s reach the goal than of “%(control)s”, who got nothing (certainty: 95 %%).",
                branch=result["label"],
                control=self._get_branch_labels()[control],
                uplift=self._describe_difference(*get_difference(tallies[result["branch"]], tallies[control])),
            )
            for result in results
            if not result["is_nothing"] and result["branch"] in tallies and result["taken"]
        ]

    @api.model
    def _describe_difference(self, low, high):
        """Return in words how many more, or fewer, there are in a hundred, or in more where they are few."""
        base = next((base for base in BASES if (high - low) * base >= 2), BASES[-1])
        numbers = {
            "low": abs(round(low * base)),
            "high": abs(round(high * base)),
            "base": format_number(self.env, base),
        }
        if round(low * base) >= 0:
            return _("between %(low)s and %(high)s more in %(base)s", **numbers)
        if round(high * base) <= 0:
            return _("between %(high)s and %(low)s fewer in %(base)s", **numbers)
        return _("between %(low)s fewer and %(high)s more in %(base)s", **numbers)

    def _format_rate(self, total, number):
        return f"{format_number(self.env, 100 * number / total, 1)} %" if total else "-"

    def _format_chance(self, chance):
        """Return it in per cent, rounded down: nothing looks more certain than it is."""
        tenths = int(1_000 * min(chance, MOST))
        return f"{format_number(self.env, tenths / 10, 1 if tenths % 10 else 0)} %"
