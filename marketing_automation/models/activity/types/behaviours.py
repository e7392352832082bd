"""Behaviours of steps: asked for a batch by one query a line. What a behaviour is, see ``campaign/behaviours.py``."""

from odoo import fields, models


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    behavior_steps = fields.Json(related="campaign_id.behavior_steps")

    def _find_behaving(self, behaviour, traces, now):
        """Return the ids of those of these traces whose participants behaved so: by one query for each line.

        :param Behaviour behaviour:
        :param datetime now: UTC
        :rtype: set[int]
        """
        participants = traces.participant_id
        people = {trace.participant_id.id: trace.res_id for trace in traces}
        behaving = self.campaign_id._find_who_behaved(behaviour, {id_: people[id_] for id_ in participants.ids}, now)
        return {trace.id for trace in traces if trace.participant_id.id in behaving}
