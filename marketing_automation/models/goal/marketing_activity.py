"""Which steps and branches led to the goal."""

from collections import Counter

from odoo import _, models
from odoo.tools import SQL

GOAL = "goal"  # the name of a number: how many reached the goal after a step


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_goal_numbers(self):
        """Return how many participants reached the goal after each of these steps, and after each of its branches.

        :return: Counter by (activity id, branch); None for all of its branches together
        """
        numbers = Counter()
        reached = self.campaign_id._get_conversion_counts()
        if not self.ids or not reached:  # as for most campaigns, at each refresh of their cards
            return numbers
        rows = self.env.execute_query(
            SQL(
                # by the index of those who reached it; their steps by participant
                """
                SELECT t.activity_id, t.branch, count(DISTINCT p.id)
                  FROM marketing_participant p
                  JOIN marketing_trace t ON t.participant_id = p.id
                 WHERE p.campaign_id = ANY(%(campaigns)s) AND p.goal_date IS NOT NULL AND p.is_test IS NOT TRUE
                   AND t.activity_id = ANY(%(ids)s) AND t.state = 'processed' AND t.done_date <= p.goal_date
              GROUP BY GROUPING SETS ((t.activity_id), (t.activity_id, t.branch))
                HAVING GROUPING(t.branch) = 1 OR t.branch IS NOT NULL
                """,
                campaigns=list(reached),
                ids=self.ids,
            )
        )
        for activity_id, branch, count in rows:
            numbers[activity_id, branch] = count
        return numbers

    def _get_goal_metrics(self, numbers):
        """Return the numbers of conversions on the card of this step.

        :param Counter numbers: see :meth:`_get_goal_numbers`
        """
        if not self.campaign_id.has_goal and not numbers:
            return []
        branches = [
            {"name": f"{GOAL}:{branch}", "label": self._get_goal_label(label), "count": numbers[self.id, branch]}
            for branch, label in self._get_branch_labels().items()
        ]
        if branches:
            return branches
        return [{"name": GOAL, "label": self._get_goal_label(), "count": numbers[self.id, None]}]

    def _get_goal_label(self, branch=None):
        return _("Goal (%s)", branch) if branch else _("Goal")

    def _get_goal_domain(self, metric):
        """Return which steps of participants a number of conversions counts; None where it is not one of those.

        :return: (domain of marketing.trace, what the number is called)
        """
        if not isinstance(metric, str) or metric.split(":")[0] != GOAL:
            return None
        branch = metric.removeprefix(GOAL).removeprefix(":")
        labels = self._get_branch_labels()
        if not branch:
            return [("state", "=", "processed")], self._get_goal_label()
        if branch not in labels:
            return None
        return [("state", "=", "processed"), ("branch", "=", branch)], self._get_goal_label(labels[branch])
