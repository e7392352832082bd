from odoo import api, fields, models
from odoo.tools import SQL


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    @api.private
    def _readmit(self, now):
        """Take participants back who had left the filter: what was pending is pending again.

        What happened while they were away counts now.
        """
        if not self:
            return
        self.env.execute_query(
            SQL(
                """UPDATE marketing_participant
                      SET state = 'running', end_code = NULL, end_params = NULL, date_end = NULL
                    WHERE id = ANY(%s) RETURNING id""",
                self.ids,
            )
        )
        self.env.execute_query(
            SQL(
                # who waited is asked at once: what is waited for may be another thing by now
                """UPDATE marketing_trace
                      SET state = 'scheduled', end_code = NULL, done_date = NULL,
                          schedule_date = CASE WHEN waiting_since IS NULL THEN schedule_date ELSE %s END
                    WHERE participant_id = ANY(%s) AND state = 'canceled' AND end_code = 'left_filter' RETURNING id""",
                now,
                self.ids,
            )
        )
        self.env.invalidate_all()
        for campaign, participants in self.grouped("campaign_id").items():
            domain = [("participant_id", "in", participants.ids)]
            traces = self.env["marketing.trace"].search(domain, order="participant_id.id, id")
            traces._schedule_children(now)
            participants._refresh_state(now, campaign._get_awaiting_steps())

    @api.private
    def _make_history(self):
        """Make the passages before these history: what concerns a record concerns its last one."""
        if self:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE marketing_participant past SET is_past_run = TRUE
                      FROM marketing_participant p
                     WHERE p.id = ANY(%s) AND past.campaign_id = p.campaign_id AND past.res_id = p.res_id
                       AND past.run < p.run AND past.is_test IS NOT TRUE AND past.is_past_run IS NULL
                 RETURNING past.id
                    """,
                    self.ids,
                )
            )

    @api.private
    def _follow_passages(self, before, now):
        """End the passages that these, which have just begun, follow, as far as those go on.

        :param dict before: ids of the participants that are followed, by record id
        """
        past = self.browse(id_ for participant in self for id_ in before[participant.res_id])
        past.filtered(lambda participant: participant.state == "running")._remove("restarted", now)

    @api.private
    def _follow_merge(self, model_name, source_ids, target_id):
        """Move the participants of merged records to the record that survives: in each campaign those of one of them.

        What campaigns were asked to do with those records, and have not done yet, is asked for that record too.

        :param str model_name: model of the records
        :param list source_ids: ids of those that go
        :param int target_id: id of the one that stays
        """
        now = fields.Datetime.now()
        domain = [("model_name", "=", model_name), ("res_id", "in", source_ids), ("is_test", "!=", True)]
        for campaign, movers in self.search(domain, order="id").grouped("campaign_id").items():
            movers._lock()
            taken = self.search_count(
                [("campaign_id", "=", campaign.id), ("res_id", "=", target_id), ("is_test", "!=", True)], limit=1
            )
            # of several, one that is inside, else one that may return; with all its runs
            first = movers.sorted(lambda mover: (mover.state == "unlinked", mover.end_code != "left_filter", mover.id))
            followers = movers.browse() if taken else first.grouped("res_id")[first[0].res_id]
            if followers:
                followers.write({"res_id": target_id})
                followers.trace_ids.write({"res_id": target_id})
            self.env.flush_all()
            (movers - followers)._remove("merged", now)
        self.env["marketing.entry.request"]._follow_merge(model_name, source_ids, target_id)
