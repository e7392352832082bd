"""Campaigns that add to each other by a step, so that records go round: told before Start.

Re-entry itself holds whatever brings somebody in, see ``reentry.py``: nobody goes round without end.
"""

from odoo import _, models

from .reentry import MOST_A_DAY


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _find_circle(self):
        """Return the campaigns by which a record comes from this one to it again, each of which lets it in again.

        :return: in their order, beginning with this one; none where there is no such way
        """
        self.ensure_one()
        start = self.sudo()
        ways, seen = [start], {start.id}
        while ways and start.reentry != "never":
            way = ways.pop(0)
            for following in way[-1]._get_fed_campaigns():
                if following == start:
                    return way.with_env(self.env)
                if following.id not in seen and following.reentry != "never":
                    seen.add(following.id)
                    ways.append(way + following)
        return self.browse()

    def _get_fed_campaigns(self):
        """Return the campaigns to which the steps of this one add its records."""
        actions = self.marketing_activity_ids.server_action_id._get_all_actions()
        return actions.filtered(lambda action: action.state == "marketing_enroll").marketing_campaign_id

    def _get_circle_warnings(self):
        """Return in words that records go round, as a list that is empty where they do not."""
        circle = self._find_circle()
        if not circle:
            return []
        names = ", ".join(f"“{name}”" for name in circle.mapped("display_name"))
        limits = [limit for limit in circle.sudo().mapped("reentry_limit") if limit]
        if len(circle) == 1:
            way = _("A step of this campaign adds its participants to it again.")
        else:
            way = _("Steps of these campaigns add participants to one another, so that they go round: %s.", names)
        if limits:
            return [_("%(way)s Each goes round %(count)s time(s) at most.", way=way, count=min(limits))]
        return [
            _("%s No limit is set in “Times Again”, so a step brings each in again once a day at most.", way),
        ]

    def _explain_refusal(self, passages, date, until=None):
        """Return why a step did not bring a record into this campaign, in words; None where it did.

        :param passages: all of that record's participants here, in their order
        :param datetime date: when the step ran (UTC)
        :param datetime until: when it ran the next time, if it did
        """
        for passage in passages:
            if passage.source == "step" and date <= passage.date_start and not (until and passage.date_start >= until):
                return None
        last = passages.filtered(lambda passage: passage.date_start <= date)[-1:]
        if self.state != "running" or not self.workflow:
            return _("it does not run.")
        if not last:
            return _("the record did not match its filter, or shared a value with somebody who was in already.")
        workflow, pause = self._get_workflow(), self._get_pause_end(date, "step")
        if workflow.reentry == "never":
            return _("the record was in it before, and nobody enters a second time.")
        if workflow.reentry == "after_end" and not (last.date_end and last.date_end <= date):
            return _("the record was still inside.")
        if workflow.reentry_limit and last.run > workflow.reentry_limit:
            return _("the record had entered as often as it may.")
        if (pause and last.date_start > pause) or last.run >= MOST_A_DAY:
            return _("it was too soon after the last time, or the record would go round and round.")
        return _("the record did not match its filter, or shared a value with somebody who was in already.")
