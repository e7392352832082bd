"""What brings a step back that had ended: a user's retry of an error, the return of who had left."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

# why a message was not made that somebody may ask for again, once the blocklisting or the opt-out is lifted
LIFTED = ("mail_bl", "mail_optout")


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def action_retry(self):
        """Try these errors again: they are due at once, and expire as from then.

        :raise AccessError: for a user who may not write the campaigns
        :raise UserError: for a trace that is no error, or whose participant has left
        """
        self.campaign_id.check_access("write")
        traces = self.sudo()
        traces.participant_id._lock()
        now = fields.Datetime.now()
        was_sent = self._learn_what_was_sent(traces, now)
        if was_sent and was_sent == traces:
            raise UserError(_("The message was sent meanwhile: there is nothing to retry."))
        traces -= was_sent
        for trace in traces:
            if not trace._may_be_retried():
                raise UserError(_("“%s” is no error: there is nothing to retry.", trace.activity_id.name))
            if trace.participant_id.state == "unlinked":
                raise UserError(_("The participant has left the campaign: nothing is retried for it."))
        traces._retry(now)
        self.env["marketing.campaign"]._wake_lanes()

    @api.model
    def _learn_what_was_sent(self, traces, now):
        """Return those of these errors whose messages a server has accepted after all, which is new to the engine."""
        errors = traces.filtered(lambda trace: trace.state == "error")
        news = (
            self.env["marketing.trace.event"]
            .sudo()
            ._read_group(
                [("trace_id", "in", errors.ids), ("event", "=", "sent"), ("consumed", "!=", True)], ["trace_id"]
            )
        )
        sent = traces.browse(trace.id for [trace] in news)
        for participants in sent.participant_id.grouped("campaign_id").values():
            traces._consume_events(participants, now)
        return sent.filtered(lambda trace: trace.state == "processed")

    def _may_be_retried(self):
        """Tell whether this step failed, or was kept from an address that may be mailed again by now."""
        return self.state == "error" or (self.state == "canceled" and self.end_code in LIFTED)

    def _retry(self, now):
        """Schedule ended traces of locked participants again; the message of the last attempt is void."""
        self.env["mail.mail"].search(
            [("marketing_trace_id", "in", self.ids), ("state", "in", ("outgoing", "exception"))]
        ).write({"state": "cancel"})
        self.write(
            {
                "state": "scheduled",
                "schedule_date": now,
                "done_date": False,
                "sent_date": False,
                "end_code": False,
                "end_params": False,
            }
        )
        for trace in self:
            trace.attempt += 1
        self.env.flush_all()
        for campaign, traces in self.grouped("campaign_id").items():
            traces.participant_id._refresh_state(now, campaign._get_awaiting_steps())


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_retry_errors(self):
        """Try all errors of this campaign again, those of its tests and of who has left excepted.

        :return: a notification that tells how many
        """
        self.ensure_one()
        return self._retry_errors([])

    def _retry_errors(self, domain):
        self.check_access("write")
        errors = self.env["marketing.trace"].search(
            [
                ("campaign_id", "=", self.id),
                ("state", "=", "error"),
                ("is_test", "!=", True),
                ("participant_id.state", "!=", "unlinked"),
                *domain,
            ]
        )
        errors.action_retry()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": _("%s step(s) are tried again.", len(errors)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    @api.private
    def _return(self, now):
        """Take participants back who had left the filter: what was pending is pending again.

        What happened while they were away counts now.
        """
        if not self:
            return
        self.env.execute_query(
            SQL(
                """UPDATE marketing_participant SET state = 'running', end_code = NULL, date_end = NULL
                    WHERE id = ANY(%s) RETURNING id""",
                self.ids,
            )
        )
        self.env.execute_query(
            SQL(
                """UPDATE marketing_trace SET state = 'scheduled', end_code = NULL, done_date = NULL
                    WHERE participant_id = ANY(%s) AND state = 'canceled' AND end_code = 'left_filter' RETURNING id""",
                self.ids,
            )
        )
        self.env.invalidate_all()
        for campaign, participants in self.grouped("campaign_id").items():
            domain = [("participant_id", "in", participants.ids)]
            traces = self.env["marketing.trace"].search(domain, order="participant_id.id, id")
            traces._settle(now)
            participants._refresh_state(now, campaign._get_awaiting_steps())

    @api.private
    def _follow_merge(self, model_name, source_ids, target_id):
        """Move the participants of merged records to the record that survives, one per campaign.

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
            # of several, one that is inside, else one that may return
            movers = movers.sorted(lambda mover: (mover.state == "unlinked", mover.end_code != "left_filter", mover.id))
            follower = movers[: 0 if taken else 1]
            if follower:
                follower.write({"res_id": target_id})
                follower.trace_ids.write({"res_id": target_id})
            self.env.flush_all()
            (movers - follower)._remove("merged", now)
