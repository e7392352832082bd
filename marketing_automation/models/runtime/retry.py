"""What brings a step back that had ended: a user's retry of an error, the return of who had left."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    can_retry = fields.Boolean(compute="_compute_can_retry", export_string_translation=False)

    @api.depends("state", "end_code", "is_test", "participant_id.state", "participant_id.end_code")
    def _compute_can_retry(self):
        retryable = self.sudo()._filter_retryable()
        for trace in self:
            is_left = trace.is_test or trace.sudo().participant_id._is_over()
            trace.can_retry = not is_left and trace.sudo() in retryable

    def action_retry(self):
        """Try these errors again: they are due at once, and expire as from then.

        With them go the steps that ended as duplicates of their messages: nobody was reached by that address.

        :raise AccessError: for a user who may not write the campaigns
        :raise UserError: for a trace that is no error, or whose participant has left
        """
        self.campaign_id.check_access("write")
        traces = self.sudo()
        same_activities = SQL("d.activity_id = ANY(%s)", traces.activity_id.ids)
        duplicates = traces._find_unreached_duplicates(same_activities, refused=traces) - traces
        (traces + duplicates).participant_id._lock()
        now = fields.Datetime.now()
        was_sent = self._learn_what_was_sent(traces, now)
        if was_sent and was_sent == traces:
            raise UserError(_("The message was sent meanwhile: there is nothing to retry."))
        traces -= was_sent
        retryable = (traces + duplicates)._filter_retryable()  # as they are under the lock
        for trace in traces:
            if trace not in retryable:
                raise UserError(_("“%s” is no error: there is nothing to retry.", trace.activity_id.name))
            if trace.participant_id._is_over():
                raise UserError(_("The participant has left the campaign: there is nothing to retry."))
        (traces + (duplicates & retryable))._retry(now)
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

    @api.private
    def _filter_retryable(self):
        """Return those of these steps that failed, or were kept from an address that may be mailed again by now."""
        liftable = self._get_liftable_codes()
        retryable = self.filtered(
            lambda trace: trace.state == "error" or (trace.state == "canceled" and trace.end_code in liftable)
        )
        codes = self._get_duplicate_columns()
        duplicates = self.filtered(lambda trace: trace.state == "canceled" and trace.end_code in codes)
        if duplicates:
            retryable += self._find_unreached_duplicates(SQL("d.id = ANY(%s)", duplicates.ids))
        return retryable

    @api.model
    def _get_liftable_codes(self):
        """Extension point: why messages were not made that may be, once a blocklisting or an opt-out is lifted."""
        return ["mail_bl", "mail_optout"]

    def _retry(self, now):
        """Schedule ended traces of locked participants again; the message of the last attempt is void."""
        self.env["mail.mail"].search(
            [("marketing_trace_id", "in", self.ids), ("state", "in", ("outgoing", "exception"))]
        ).write({"state": "cancel"})
        self.write(
            {
                "state": "scheduled",
                "schedule_date": now,
                "due_date": False,
                "done_date": False,
                "sent_date": False,
                "branch": False,
                "waiting_since": False,
                "end_code": False,
                "end_params": False,
            }
        )
        for trace in self:
            trace.attempt += 1
        self.env.flush_all()
        for campaign, traces in self.grouped("campaign_id").items():
            traces.participant_id._refresh_state(now, campaign._get_awaiting_steps())
