"""Who still waits for an event, though nothing of them is scheduled: Completed, and yet they may go on."""

from odoo import _, api, fields, models
from odoo.tools import SQL

COUNT_LIMIT = 10_000  # beyond which a card says "more than"


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_open_waits_sql(self, condition, now, limit=None):
        """Return the query of who waits for an event, on steps that have one as their trigger.

        :param SQL condition: on ``t``, the trace of the message
        :param datetime now: UTC
        :param int limit: how many of each step are enough; None for all
        :return: the query of (participant id, activity id of the step that waits); None where no step does
        """
        workflow = self.sudo().workflow and self.sudo()._get_workflow()
        triggers = self.env["marketing.activity"]._get_triggers()
        waits = [
            (step.parent_id, step.id, bool(step.validity_type))
            for step in (workflow.steps.values() if workflow else ())
            if step.trigger_type in triggers
            and triggers[step.trigger_type].event not in (None, "bounce")  # nobody waits for a bounce
            and not triggers[step.trigger_type].negative
        ]
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
                      AND p.state != 'unlinked' AND %(condition)s
                      AND (NOT w.limited OR t.sent_date IS NULL OR t.wait_until >= %(now)s)
                      AND NOT EXISTS (SELECT 1 FROM marketing_trace c
                                       WHERE c.participant_id = t.participant_id AND c.activity_id = w.step)
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


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_waiting_words(self):
        """Return for what a participant waits who comes to this step by an event."""
        self.ensure_one()
        trigger = self._get_triggers().get(self.trigger_type)
        words = {
            "open": _("Waits until “%s” is opened", self.parent_id.name),
            "click": _("Waits for a click in “%s”", self.parent_id.name),
            "reply": _("Waits for a reply to “%s”", self.parent_id.name),
        }
        return words.get(trigger and trigger.event, _("Waits for what may follow “%s”", self.parent_id.name))

    def _get_waiting_label(self, count):
        """Return how many wait for the event of this step, in words."""
        trigger = self._get_triggers().get(self.trigger_type)
        shown = _("More than %s", f"{COUNT_LIMIT:,}") if count > COUNT_LIMIT else f"{count:,}"
        names = {"count": shown, "parent": self.parent_id.name}
        words = {
            "open": _("%(count)s wait until “%(parent)s” is opened", **names),
            "click": _("%(count)s wait for a click in “%(parent)s”", **names),
            "reply": _("%(count)s wait for a reply to “%(parent)s”", **names),
        }
        return words.get(trigger and trigger.event, _("%(count)s wait for what may follow “%(parent)s”", **names))

    def _get_waiting_labels(self, now):
        """Return how many participants wait for the events of these activities, in words.

        :param datetime now: UTC
        :return: by activity id, where somebody waits
        :rtype: dict[int, str]
        """
        self.env.flush_all()
        labels, activities = {}, self.grouped("id")
        for campaign in self.campaign_id:
            query = campaign._get_open_waits_sql(SQL("TRUE"), now, COUNT_LIMIT + 1)
            rows = query and self.env.execute_query(
                SQL("SELECT step, count(*) FROM (%s) AS waits (participant_id, step) GROUP BY step", query)
            )
            for step_id, count in rows or ():
                if step_id in activities:
                    labels[step_id] = activities[step_id]._get_waiting_label(count)
        return labels


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    wait_text = fields.Char(
        string="Waits for",
        compute="_compute_wait_text",
        help="What still may happen, though nothing is scheduled. It runs when it does.",
    )

    @api.depends("state", "campaign_id")
    @api.depends_context("lang")
    def _compute_wait_text(self):
        self.wait_text = False
        real = self.filtered(lambda participant: participant.ids and not participant.is_test)
        for campaign, participants in real.grouped("campaign_id").items():
            theirs = SQL("t.participant_id = ANY(%s)", participants.ids)
            query = campaign._get_open_waits_sql(theirs, fields.Datetime.now())
            activities = campaign.with_context(active_test=False).marketing_activity_ids.grouped("id")
            texts = {}
            for participant_id, step_id in self.env.execute_query(query) if query else ():
                if step_id in activities:
                    words = activities[step_id]._get_waiting_words()
                    texts.setdefault(participant_id, {})[words] = True
            for participant in participants:
                participant.wait_text = "; ".join(texts.get(participant.id, ())) or False
