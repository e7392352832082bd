from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ...engine.context import click_source, followed_link, gateway, may_record_events, visit
from ...mail_reports import RECEIPT
from ..fields import Many2oneNoConstraint


class MailingTrace(models.Model):
    _name = "mailing.trace"
    _inherit = ["mailing.trace", "marketing.engine.fields"]

    marketing_trace_id = Many2oneNoConstraint(
        "marketing.trace",
        string="Marketing Trace",
        engine_only=True,
        copy=False,
        index="btree_not_null",
        help="The activity of the campaign that sent this message.",
    )

    # Odoo looks for these on each incoming mail, and would read the whole table.
    message_id = fields.Char(index="btree_not_null")

    # Who got a step already, by address; the messages that have none are left out, so that writing them costs less.
    _marketing_email = models.Index(
        "(mass_mailing_id, email) WHERE marketing_trace_id IS NOT NULL AND email IS NOT NULL"
    )

    # When addresses got mailings of Email Marketing, which count where Settings say so.
    _marketing_email_of_mailings = models.Index(
        "(email, sent_datetime) WHERE marketing_trace_id IS NULL AND email IS NOT NULL AND sent_datetime IS NOT NULL"
    )

    # ------------------------------------------------------------
    # Whose they are
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        traces = super().create(vals_list)
        traces._check_not_of_campaign()
        return traces

    def write(self, vals):
        self._check_not_of_campaign()
        res = super().write(vals)
        if not vals.keys().isdisjoint(("marketing_trace_id", "mail_mail_id", "mass_mailing_id")):
            self._check_not_of_campaign()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self._check_not_of_campaign()

    def set_sent(self, domain=None):
        """Note that messages were accepted; who has read one meanwhile stays known as having read it."""
        traces = self._with_found(domain)
        further = traces.filtered(lambda trace: trace.marketing_trace_id and trace._is_further_than_sent())
        further.write({"sent_datetime": fields.Datetime.now()})
        super(MailingTrace, traces - further).set_sent()
        return traces

    def _is_further_than_sent(self):
        """Tell whether more is known of this message than that it was accepted, of the same time that it was sent."""
        is_over = self.trace_status == "bounce" and not self.sent_datetime
        return is_over or self.trace_status in ("open", "reply")

    def set_failed(self, domain=None, failure_type=False):
        return super(MailingTrace, self._with_found(domain)).set_failed(failure_type=failure_type)

    def set_canceled(self, domain=None):
        return super(MailingTrace, self._with_found(domain)).set_canceled()

    def _check_not_of_campaign(self):
        """Leave the messages of campaigns to the engine and to what it hears from.

        They say who got what, and what people did: the next steps rest on it, and so does what is never sent twice.

        :raise AccessError: for whoever else makes, changes or deletes one, or adds one to theirs
        """
        if may_record_events(self.env):
            return
        ours = self.filtered(
            lambda trace: (
                trace.marketing_trace_id
                or trace.mass_mailing_id.sudo().use_in_marketing_automation
                or trace.mail_mail_id.sudo().marketing_trace_id
            )
        )
        if ours:
            raise AccessError(
                _(
                    "“%s” is a message of a campaign: whom it was sent to, and what happened to it, is recorded by "
                    "itself, and nobody can add, change or delete it.",
                    ours[:1].mass_mailing_id.subject,
                )
            )

    # ------------------------------------------------------------
    # What happens to them
    # ------------------------------------------------------------

    # Each hook below looks at the traces before Odoo changes them, in the one search that
    # Odoo would have made: an event counts the first time, and for other mailings there is
    # neither a query nor a row more.

    def set_opened(self, domain=None):
        traces = self._with_found(domain)
        traces -= traces._take_machine_opens()
        new = traces.filtered(lambda trace: trace.marketing_trace_id and trace.trace_status not in ("open", "reply"))
        res = super(MailingTrace, traces).set_opened()
        new._record_doubtful_event("open", self._get_open_source())
        return res

    def set_clicked(self, domain=None):
        traces = self._with_found(domain)
        new = traces.filtered(lambda trace: trace.marketing_trace_id and not trace.links_click_datetime)
        followed = followed_link(self.env)
        link_id = followed and followed.link_id
        if link_id:  # another link of the same message is another event
            new += (traces - new)._filter_not_followed(link_id)
        res = super(MailingTrace, traces).set_clicked()
        new._record_doubtful_event("click", click_source(self.env), link_id=link_id)
        return res

    def _filter_not_followed(self, link_id):
        """Return those of these messages of campaigns of which nobody is known to have followed a link."""
        ours = self.filtered("marketing_trace_id")
        if not ours:
            return ours
        domain = [("trace_id", "in", ours.marketing_trace_id.ids), ("event", "=", "click"), ("link_id", "=", link_id)]
        known = self.env["marketing.trace.event"].search_fetch([*domain, ("origin", "!=", "machine")], ["trace_id"])
        return ours.filtered(lambda trace: trace.marketing_trace_id not in known.trace_id)

    def set_replied(self, domain=None):
        traces = self._with_found(domain)
        new = traces.filtered("marketing_trace_id")
        res = super(MailingTrace, traces).set_replied()
        new._record_marketing_event("reply", "incoming mail")
        return res

    def set_bounced(self, domain=None, bounce_message=False):
        traces = self._with_found(domain)
        ours = traces.filtered("marketing_trace_id")
        told = gateway(self.env)
        judgement = told and told.judgement
        new = ours if judgement else ours.filtered(lambda trace: trace.trace_status != "bounce")
        res = super(MailingTrace, traces).set_bounced(bounce_message=bounce_message)
        for trace in new:
            recipient = judgement and judgement.get_recipient(trace.email)
            values = {"bounce_type": recipient.bounce_type, "reason": recipient.reason} if recipient else {}
            trace._record_marketing_event("bounce", "incoming mail", **values)
        return res

    def _get_open_source(self):
        """Return in words where an open that Odoo tells of was seen: some are only implied by something else."""
        told = gateway(self.env)
        if told and told.judgement:
            return "read receipt" if told.judgement.kind == RECEIPT else "reply"
        return "open pixel" if not self or visit(self.env) else "click"

    def _with_found(self, domain):
        """Return these traces and those of the domain, with the fields that the hooks read.

        What a machine answers is neither a reply nor an open of a campaign's message.
        """
        if not domain:
            self._check_not_of_campaign()
            return self
        fnames = ["marketing_trace_id", "trace_status", "links_click_datetime", "reply_datetime", "mass_mailing_id"]
        traces = self + self.search_fetch(domain, fnames)
        told = gateway(self.env)
        if told and told.is_ignored:
            traces = traces.filtered(lambda trace: not trace.marketing_trace_id)
        traces._check_not_of_campaign()
        return traces

    def _is_of_marketing_test(self):
        """Tell whether one of these messages belongs to the test of a campaign."""
        domain = [("id", "in", self.marketing_trace_id.ids), ("is_test", "=", True)]
        return bool(self.env["marketing.trace"].sudo().search_count(domain, limit=1))

    def _record_doubtful_event(self, event, source, **values):
        """Record that a person has opened or clicked; where a machine may be at it, once that is known.

        :param str source: where it was seen; a person stands behind a confirmation, a receipt and a reply
        :param values: as of ``marketing.trace.event.record_events``
        """
        doubtful = source in ("open pixel", "click", "link")
        for doubt, traces in self.grouped(lambda trace: trace._get_doubt() if doubtful else None).items():
            traces._record_marketing_event(event, source, origin="person", doubt_until=doubt, **values)

    def _record_marketing_event(self, event, source, **values):
        """Record an event of these messages, those of campaigns.

        :param values: as of ``marketing.trace.event.record_events``
        """
        if not self:
            return
        told = gateway(self.env)
        if told and told.judgement:
            values.setdefault("reason", told.judgement.decided_by)
        trace_ids = [trace.marketing_trace_id.id for trace in self]
        self.env["marketing.trace.event"].record_events(event, trace_ids, source, self.ids, **values)
