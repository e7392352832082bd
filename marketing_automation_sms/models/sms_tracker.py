from odoo import models

# What a status that Odoo writes on the message of an SMS is for a campaign. "pending" is
# Odoo's word for what the provider has accepted, "sent" for what it has delivered; a message
# in moderation ("process") is not accepted yet, and a cancelled one never will be.
EVENTS = {"pending": "sent", "sent": "sent", "error": "failed", "cancel": "failed", "bounce": "bounce"}


class SmsTracker(models.Model):
    _inherit = "sms.tracker"

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
