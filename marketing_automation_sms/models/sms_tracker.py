from odoo import _, api, models
from odoo.exceptions import AccessError

from odoo.addons.marketing_automation.engine.context import may_record_events

# What a status that Odoo writes on the message of an SMS is for a campaign. "pending" is
# Odoo's word for what the provider has accepted, "sent" for what it has delivered; a message
# in moderation ("process") is not accepted yet, and a cancelled one never will be.
EVENTS = {"pending": "sent", "sent": "sent", "error": "failed", "cancel": "failed", "bounce": "bounce"}


class SmsTracker(models.Model):
    _inherit = "sms.tracker"

    @api.model_create_multi
    def create(self, vals_list):
        trackers = super().create(vals_list)
        trackers._check_not_of_campaign()
        return trackers

    def write(self, vals):
        self._check_not_of_campaign()
        res = super().write(vals)
        self._check_not_of_campaign()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self._check_not_of_campaign()

    def _check_not_of_campaign(self):
        """Have nobody listen, or make others listen, to what providers report of campaigns' SMS.

        A report is believed because it knows the number (UUID) of a tracker.

        :raise AccessError:
        """
        if may_record_events(self.env):
            return
        ours = self.mailing_trace_id.sudo().filtered("marketing_trace_id")
        if ours:
            raise AccessError(
                _(
                    "“%s” is a message of a campaign: what its provider reports is recorded by itself, and nobody can "
                    "add, change or delete it.",
                    ours[:1].mass_mailing_id.subject,
                )
            )

    def _update_sms_traces(self, trace_status, failure_type=False, failure_reason=False):
        """Record what a provider told about SMS of campaigns, at sending or in a report later.

        Odoo writes the status past the setters of ``mailing.trace``. The SMS have left by
        now: what fails here would have them sent again.
        """
        # known to super() too, which reads these very records
        unseen = self.mailing_trace_id.filtered(lambda trace: trace.marketing_trace_id and not trace.sent_datetime)
        traces = super()._update_sms_traces(trace_status, failure_type=failure_type, failure_reason=failure_reason)
        event = EVENTS.get(trace_status)
        told = traces.filtered("marketing_trace_id")
        if event == "sent":
            told &= unseen  # accepted, then delivered: the first counts
        if event and told:
            trace_ids = [trace.marketing_trace_id.id for trace in told]
            self.env["marketing.trace.event"].record_events(
                event, trace_ids, "SMS provider", mailing_trace_ids=told.ids
            )
        return traces

    def _update_sms_mailings(self, trace_status, traces):
        """Leave the templates of campaigns alone.

        A message in moderation would put its mailing in Odoo's queue, which sends it to its
        whole audience; and one row, of all messages of a step, would be written by each report.
        """
        others = traces.filtered(lambda trace: not trace.marketing_trace_id)
        if others or not traces:
            return super()._update_sms_mailings(trace_status, others)
        return None
