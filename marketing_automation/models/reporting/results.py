"""The results of a campaign: its funnel, and the ways to what its reports tell."""

from odoo import _, models

from ..numbers import format_number


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_view_results(self):
        """Open the page with the funnel of this campaign and the clicks on its emails."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_campaign_action_results")
        return dict(action, res_id=self.id, display_name=_("Results of %s", self.name))

    def action_view_step_report(self):
        self.ensure_one()
        return self._get_report_action("marketing_step_report_action", ["list", "pivot", "graph"])

    def action_view_cohorts(self):
        self.ensure_one()
        return self._get_report_action("marketing_cohort_report_action")

    def action_view_deliverability(self):
        self.ensure_one()
        return self._get_report_action("marketing_delivery_report_action")

    def _get_report_action(self, name, view_modes=None):
        """Return the action of a report, for this campaign alone.

        :param list view_modes: in their order, where it is another than that of the report
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(f"marketing_automation.{name}")
        if view_modes:
            action = dict(action, views=[(False, mode) for mode in view_modes])
        return dict(action, domain=[("campaign_id", "=", self.id)])

    def get_funnel(self):
        """Return how far participants have come: the steps in the order of the workflow, with their numbers.

        By counters, but for conversions. Each number's ``metric`` is what ``action_view_records`` opens.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        activities = self.marketing_activity_ids
        counted = activities._get_counted_numbers() + activities._get_past_numbers() if activities else {}
        goals = activities._get_goal_numbers()
        steps = [activity._get_funnel_step(depth, counted, goals) for activity, depth in self._walk_steps(activities)]
        return {
            "entered": self.total_participant_count,
            "inside": self.running_participant_count,
            "completed": self.completed_participant_count,
            "converted": self.goal_count if self.has_goal or self.goal_count else None,
            "steps": steps,
            "most_stop": self._describe_where_most_stop(steps),
        }

    def _walk_steps(self, activities):
        """Yield each activity with how deep it lies, and those below it before those beside it."""
        children = activities.grouped("parent_id")
        waiting = [(activity, 0) for activity in reversed(children.get(activities.browse(), activities.browse()))]
        while waiting:
            activity, depth = waiting.pop()
            yield activity, depth
            waiting += [(child, depth + 1) for child in reversed(children.get(activity, activities.browse()))]

    def _describe_where_most_stop(self, steps):
        """Return in words at which step most people stop; False where nobody does."""
        worst = max(steps, key=lambda step: step["stopped"], default=None)
        if not worst or not worst["stopped"]:
            return False
        return _(
            "Most people stop at “%(step)s”: %(stopped)s of %(came)s.",
            step=worst["name"],
            stopped=format_number(self.env, worst["stopped"]),
            came=format_number(self.env, worst["came"]),
        )
