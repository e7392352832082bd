from odoo import api, fields, models
from odoo.tools import SQL


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    may_go_on = fields.Boolean(
        compute="_compute_may_go_on",
        help="Whether those for whom nothing is scheduled may go on, when something happens that a step waits for.",
    )

    @api.depends("state", "workflow")
    def _compute_may_go_on(self):
        for campaign in self:
            campaign.may_go_on = campaign.state == "running" and bool(campaign._find_awaiting_steps())

    def _find_awaiting_steps(self):
        """Return the steps of what runs that begin when somebody does something: a click, an opening, a reply …"""
        workflow = self.sudo().workflow and self.sudo()._get_workflow()
        triggers = self.env["marketing.activity"]._get_triggers()
        return [
            step
            for step in (workflow.steps.values() if workflow else ())
            if step.trigger_type in triggers
            and triggers[step.trigger_type].event not in (None, "bounce")  # nobody waits for a bounce
            and not triggers[step.trigger_type].negative
        ]

    def _get_open_waits_sql(self, condition, now, limit=None):
        """Return the query of who waits for an event, on steps that have one as their trigger.

        :param SQL condition: on ``t``, the trace of the message
        :param datetime now: UTC
        :param int limit: how many of each step are enough; None for all
        :return: the query of (participant id, activity id of the step that waits); None where no step does
        """
        waits = [(step.parent_id, step.id, bool(step.validity_type)) for step in self._find_awaiting_steps()]
        if not waits:
            return None
        parents, steps, limited = map(list, zip(*waits, strict=True))
        return SQL(
            # by the unique index of steps and the one of events on their trace
            """
            SELECT waiting.participant_id, w.step
              FROM unnest(%(parents)s::int[], %(steps)s::int[], %(limited)s::bool[]) AS w (parent, step, limited)
        CROSS JOIN LATERAL (
                   SELECT t.participant_id
                     FROM marketing_trace t JOIN marketing_participant p ON p.id = t.participant_id
                    WHERE t.activity_id = w.parent AND t.state = 'processed' AND t.is_test IS NOT TRUE
                      AND p.state != 'unlinked' AND p.end_code IS NULL AND %(condition)s
                      AND (NOT w.limited OR t.sent_date IS NULL OR t.wait_until >= %(now)s)
                      AND NOT EXISTS (SELECT 1 FROM marketing_trace c
                                       WHERE c.participant_id = t.participant_id AND c.activity_id = w.step
                                         AND c.visit = t.visit)
                      AND NOT EXISTS (SELECT 1 FROM marketing_trace_event e
                                       WHERE e.trace_id = t.id AND e.event IN ('bounce', 'failed'))
                    LIMIT %(limit)s) AS waiting
            """,
            parents=parents,
            steps=steps,
            limited=limited,
            condition=condition,
            now=now,
            limit=limit,
        )
