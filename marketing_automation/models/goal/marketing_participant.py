from odoo import api, fields, models
from odoo.tools import SQL


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    goal_date = fields.Datetime(
        string="Goal Reached on",
        readonly=True,
        help="When it was first seen that the record has reached the goal. It stays, whatever the record becomes.",
    )

    # How many, and how fast: index only.
    _by_goal = models.Index("(campaign_id, goal_date, date_start) WHERE goal_date IS NOT NULL AND is_test IS NOT TRUE")

    @api.private
    def _reach_goal(self, now):
        """Note that these locked participants have reached the goal; those who run finish, where that is so.

        :param datetime now: UTC
        :return: those who have finished by it
        """
        running = self._note_goal(now)
        if not running or not self.campaign_id._get_workflow().goal_leave:
            return self.browse()
        running._end("goal_reached", None, now)
        return running

    def _note_goal(self, now):
        """Note that these participants have reached the goal, unless that is known already.

        :return: those of whom it was not, and who run
        """
        if not self:
            return self
        rows = self.env.execute_query(
            SQL(
                """UPDATE marketing_participant SET goal_date = %s WHERE id = ANY(%s) AND goal_date IS NULL
                RETURNING id, state""",
                now,
                self.ids,
            )
        )
        self.invalidate_model(["goal_date"])
        return self.browse(id_ for id_, state in rows if state == "running")
