"""Campaigns whose steps bring records into one another, so that these go round: told before Start.

Re-entry itself holds whatever brings somebody in, see ``reentry.py``: nobody goes round without end.
"""

from odoo import _, fields, models
from odoo.tools import SQL

from ..numbers import format_number
from .reentry import MOST_A_DAY, STEP_PAUSE


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    held_up_count = fields.Integer(
        string="Held Up",
        readonly=True,
        copy=False,
        engine_only=True,
        help="Whom a step or an event brought again too soon, on the day of the last one.",
    )
    held_up_date = fields.Datetime(string="Last Held Up", readonly=True, copy=False, engine_only=True)

    def _find_circle(self):
        """Return the way by which a record comes from this campaign to it again, where each lets it in again.

        :return: each campaign and the step of it that brings on, in their order, beginning with this one; an empty
            list where there is no such way
        :rtype: list[tuple]
        """
        self.ensure_one()
        start = self.sudo()
        ways, seen = [[(start, None)]], {start.id}
        while ways and start.reentry != "never":
            way = ways.pop(0)
            at, _step = way.pop()
            for following, step in at._get_fed_campaigns().items():
                if following == start:
                    return [*way, (at, step)]
                if following.id not in seen and following.reentry != "never":
                    seen.add(following.id)
                    ways.append([*way, (at, step), (following, None)])
        return []

    def _get_fed_campaigns(self):
        """Return the campaigns into which the steps of this one bring its records, each with the first such step.

        :rtype: dict
        """
        fed = {}
        for step in self.marketing_activity_ids:
            actions = step.server_action_id._get_all_actions()
            adding = actions.filtered(lambda action: action.state == "marketing_enroll")
            for campaign in adding.marketing_campaign_id:
                fed.setdefault(campaign, step)
        return fed

    def _get_circle_warnings(self):
        """Return in words that records go round, and by which steps, as a list that is empty where they do not."""
        circle = self._find_circle()
        if not circle:
            return []
        if len(circle) == 1:
            way = _("The step “%s” of this campaign brings its participants into it again.", circle[0][1].name)
        else:
            legs = ", ".join(self._name_leg(*leg) for leg in circle)
            way = _("Steps bring participants from each of these campaigns into the next, so they go round: %s.", legs)
        limits = [limit for campaign, _step in circle if (limit := campaign.reentry_limit)]
        if limits:
            return [_("%(way)s Each goes round %(count)s time(s) at most.", way=way, count=min(limits))]
        return [
            _(
                "%(way)s No limit is set in “Times Again”: a step brings each in again once a day at most, anything "
                "else %(count)s times a day.",
                way=way,
                count=MOST_A_DAY,
            ),
        ]

    def _name_leg(self, campaign, step):
        """Return what a campaign is called, and its step, as far as the user may read it."""
        campaign = campaign.with_env(self.env)
        if not campaign.has_access("read"):
            return _("another campaign")
        return _("“%(campaign)s” by “%(step)s”", campaign=campaign.display_name, step=step.name)

    def _note_held_up(self, res_ids, now, source):
        """Count whom something brought that were not let in, for else they would go round.

        :param res_ids: ids of records that did not enter
        :param datetime now: UTC
        :param str source: what brought them
        """
        if not res_ids or self._get_workflow().reentry == "never":
            return
        last = SQL.identifier("p")
        pauses = source == "step" and not self._get_workflow().reentry_limit
        audience, _model = self._get_audience_query(res_ids=sorted(res_ids))
        [[count]] = self.env.execute_query(
            SQL(
                """
                SELECT count(*) FROM marketing_participant p
                 WHERE p.campaign_id = %(campaign)s AND p.res_id IN %(audience)s AND p.is_past_run IS NULL
                   AND p.is_test IS NOT TRUE AND p.date_start > %(since)s AND (%(pauses)s OR NOT %(calm)s)
                   AND (%(may_return)s)
                """,
                campaign=self.id,
                audience=audience.subselect(),
                since=now - STEP_PAUSE,
                pauses=pauses,
                calm=self._get_calm_sql(last, now),
                may_return=self._get_may_return_sql(last, now, source=None),
            )
        )
        if count:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE marketing_campaign SET held_up_date = %(now)s, held_up_count =
                           %(count)s + CASE WHEN held_up_date >= %(today)s THEN held_up_count ELSE 0 END
                     WHERE id = %(campaign)s RETURNING id
                    """,
                    now=now,
                    count=count,
                    today=self._get_today(now),
                    campaign=self.id,
                )
            )
            self.invalidate_recordset(["held_up_count", "held_up_date"])

    def _describe_held_up(self, now):
        """Return in words how many were not let in today, for else they would go round; an empty text for none."""
        if not self.held_up_date or self.held_up_date < self._get_today(now):
            return ""
        count = format_number(self.env, self.held_up_count)
        return _("Not entered today: %s who would go round, since a step brought them again too soon.", count)

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
