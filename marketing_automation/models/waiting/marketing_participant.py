"""Who still waits for an event, though nothing of them is scheduled: Completed, and yet they may go on."""

from odoo import api, fields, models
from odoo.tools import SQL


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    wait_text = fields.Char(
        string="Waits for",
        compute="_compute_wait_text",
        help="Activities that may still follow, though none is scheduled. They run when what they wait for happens.",
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
