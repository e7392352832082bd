from odoo import fields, models

from .engine_context import click_source
from .fields import LooseMany2one

AUTOMATIC_KEY = "marketing_automation_automatic"  # context: an automatic answer is being processed


class MailingTrace(models.Model):
    _name = "mailing.trace"
    _inherit = ["mailing.trace", "marketing.engine.fields"]

    marketing_trace_id = LooseMany2one(
        "marketing.trace",
        string="Marketing Trace",
        engine_only=True,
        index="btree_not_null",
        help="The activity of the campaign that sent this message.",
    )

    # Odoo looks for these on each incoming mail, and would read the whole table.
    message_id = fields.Char(index="btree_not_null")

    # Who got a step already, by address; the messages that have none are left out, so that writing them costs less.
    _marketing_email = models.Index(
        "(mass_mailing_id, email) WHERE marketing_trace_id IS NOT NULL AND email IS NOT NULL"
    )

    # Each hook below looks at the traces before Odoo changes them, in the one search that
    # Odoo would have made: an event counts the first time, and for other mailings there is
    # neither a query nor a row more.

    def set_opened(self, domain=None):
        traces = self._with_found(domain)
        new = traces.filtered(lambda trace: trace.marketing_trace_id and trace.trace_status not in ("open", "reply"))
        res = super(MailingTrace, traces).set_opened()
        new._record_marketing_event("open", "open pixel")
        return res

    def set_clicked(self, domain=None):
        traces = self._with_found(domain)
        new = traces.filtered(lambda trace: trace.marketing_trace_id and not trace.links_click_datetime)
        res = super(MailingTrace, traces).set_clicked()
        new._record_marketing_event("click", click_source(self.env))
        return res

    def set_replied(self, domain=None):
        traces = self._with_found(domain)
        new = traces.filtered("marketing_trace_id")
        res = super(MailingTrace, traces).set_replied()
        new._record_marketing_event("reply", "incoming mail")
        return res

    def set_bounced(self, domain=None, bounce_message=False):
        traces = self._with_found(domain)
        new = traces.filtered(lambda trace: trace.marketing_trace_id and trace.trace_status != "bounce")
        res = super(MailingTrace, traces).set_bounced(bounce_message=bounce_message)
        new._record_marketing_event("bounce", "incoming mail")
        return res

    def _with_found(self, domain):
        """Return these traces and those of the domain, with the fields that the hooks read.

        What a machine answers is neither a reply nor an open of a campaign's message.
        """
        if not domain:
            return self
        fnames = ["marketing_trace_id", "trace_status", "links_click_datetime", "reply_datetime", "mass_mailing_id"]
        traces = self + self.search_fetch(domain, fnames)
        if self.env.context.get(AUTOMATIC_KEY):
            traces = traces.filtered(lambda trace: not trace.marketing_trace_id)
        return traces

    def _is_of_marketing_test(self):
        """Tell whether one of these messages belongs to the test of a campaign."""
        domain = [("id", "in", self.marketing_trace_id.ids), ("is_test", "=", True)]
        return bool(self.env["marketing.trace"].sudo().search_count(domain, limit=1))

    def _record_marketing_event(self, event, source):
        if self:
            trace_ids = [trace.marketing_trace_id.id for trace in self]
            self.env["marketing.trace.event"].record_events(event, trace_ids, source, mailing_trace_ids=self.ids)
