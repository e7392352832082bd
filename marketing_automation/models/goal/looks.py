"""The looks at goal and exit: at who runs, by a query at each enrolment; at who did something, and before each step."""

from odoo import _, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...engine.behaviour import read_behaviour
from ...engine.errors import CampaignStop
from ...engine.schedule import subtract_interval

CHUNK = 10_000  # participants whose behaviour is asked for by one query a line


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _look_at_goals(self, now):
        """Note who has come to match the goal, and let those go who have come to match the exit condition.

        A goal of behaviour alone is reached by what happens to messages, and is looked at then.

        :param datetime now: UTC
        """
        workflow = self._get_workflow()
        if workflow.goal_domain:
            query = self._get_filter_query(self._get_run_env(), [workflow.goal_domain], workflow.domain)
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT p.id, p.res_id FROM marketing_participant p
                     WHERE p.campaign_id = %s AND %s AND p.res_id IN %s
                       FOR NO KEY UPDATE SKIP LOCKED
                    """,
                    self.id,
                    self._get_may_convert_sql(now),
                    query.subselect(),
                )
            )
            for start in range(0, len(rows), CHUNK):
                people = self._filter_behaved(dict(rows[start : start + CHUNK]), now)
                self.env["marketing.participant"].browse(people)._reach_goal(now)
        if workflow.exit_domain:
            query = self._get_filter_query(self._get_run_env(), [workflow.exit_domain], workflow.domain)
            self._leave_unmatched(SQL("p.res_id IN %s", query.subselect()), "exited", now)

    def _get_may_convert_sql(self, now):
        """Return the condition on a participant "p" that it still counts when the goal is reached."""
        workflow = self._get_workflow()
        since = subtract_interval(now, workflow.goal_window_number, workflow.goal_window_unit, self._get_tz())
        return SQL(
            """p.goal_date IS NULL AND p.is_test IS NOT TRUE AND p.is_past_run IS NULL
               AND (p.state = 'running' OR (p.state = 'completed' AND p.date_end >= %s))""",
            since,
        )

    def _find_converted(self, participants, now):
        """Return those of locked participants who reach the goal just now.

        :param datetime now: UTC
        :raise CampaignStop: when the goal cannot be read
        """
        workflow = self._get_workflow()
        if not participants or not self._has_goal(workflow):
            return participants.browse()
        rows = self.env.execute_query(
            SQL(
                "SELECT p.id, p.res_id FROM marketing_participant p WHERE p.id = ANY(%s) AND %s",
                participants.ids,
                self._get_may_convert_sql(now),
            )
        )
        people = dict(rows)
        if people and workflow.goal_domain:
            matching = self._filter_res_ids(
                self._get_run_env(), people.values(), [workflow.goal_domain], within=workflow.domain
            )
            people = {id_: res_id for id_, res_id in people.items() if res_id in matching}
        return participants.browse(self._filter_behaved(people, now))

    def _filter_behaved(self, people, now):
        """Return the ids of those who have done what the goal asks of behaviour; all of them where it asks nothing.

        :param dict people: ids of records by the ids of participants
        """
        behaviour = read_behaviour(self._get_workflow().goal_behavior)
        if behaviour and people:
            return sorted(self._find_who_behaved(behaviour, people, now))
        return list(people)

    def _count_outside(self):
        """Return how many match the filter, and do not enter for their goal or exit."""
        domain = self._get_outside_domain(self._get_run_env())
        if domain.is_false():
            return 0
        inside, _model = self._get_audience_query(entering=True)
        matching, _model = self._get_audience_query()
        return len(matching) - len(inside)

    def _get_outside_domain(self, env):
        """Return what is true of the records that do not enter: the goal is reached already, or the exit condition met.

        :param env: of the campaign's user
        :raise CampaignStop: when it cannot be read
        """
        workflow = self._get_workflow()
        texts = [workflow.exit_domain, None if workflow.goal_behavior else workflow.goal_domain]
        try:
            return Domain.OR([self._parse_filter(text, env) for text in texts if text])
        except (ValueError, UserError) as error:
            raise CampaignStop(_("Its goal or its exit condition cannot be read: %s", error)) from error
