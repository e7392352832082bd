"""Mails whose turn has come in the queue, and that are not to be sent any more.

Since they were made, the address was blocklisted, the recipient opted out or left the campaign, or it was stopped.
"""

from odoo import _, api, fields, models
from odoo.tools import SQL

WITHDRAWN = "mail_withdrawn"  # the participant or the campaign has ended, for a reason that they know


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _withdraw(self):
        """Cancel those of these mails of campaigns that are not to be sent any more; nobody else sends them."""
        kinds = self._find_withdrawn()
        if not kinds:
            return
        self._commit_and_remember()  # so that the rows are locked as they are now
        query = "SELECT id FROM mail_mail WHERE id = ANY(%s) AND state = 'outgoing' FOR NO KEY UPDATE SKIP LOCKED"
        waiting = self.browse(row[0] for row in self.env.execute_query(SQL(query, list(kinds))))
        labels = dict(self.env["mailing.trace"]._fields["failure_type"]._description_selection(self.env))
        for kind, mails in waiting.grouped(lambda mail: kinds[mail.id]).items():
            mails.sudo().write({"state": "cancel", "failure_reason": labels[kind]})
            mails.sudo().mailing_trace_ids.write({"trace_status": "cancel", "failure_type": kind})
            traces = [mail.marketing_trace_id.id for mail in mails]
            self.env["marketing.trace.event"].record_events("failed", traces, "queue")
        self._commit_and_remember()

    def _find_withdrawn(self):
        """Return a failure type by id of those of these mails that are not to be sent any more."""
        mails = self.exists().filtered("marketing_trace_id")
        by_trace = mails.marketing_trace_id._find_withdrawn()
        kinds = {
            mail.id: by_trace[mail.marketing_trace_id.id] for mail in mails if mail.marketing_trace_id.id in by_trace
        }
        emails = {
            mail.id: mail.sudo().mailing_trace_ids[:1].email
            for mail in mails
            if mail.sudo().mailing_id.use_exclusion_list
        }
        # sudo: not everybody who has the queue run reads the blocklist
        blocked = self.env["mail.blacklist"].sudo().search([("email", "in", [*filter(None, emails.values())])])
        blocked = set(blocked.mapped("email"))
        return {**{number: "mail_bl" for number, email in emails.items() if email in blocked}, **kinds}


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    failure_type = fields.Selection(
        selection_add=[(WITHDRAWN, "The campaign had stopped, or the participant had left it")],
        ondelete={WITHDRAWN: "set null"},
    )


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _find_withdrawn(self):
        """Return a failure type by id of those of these traces whose messages are not to be sent any more.

        The blocklist is of each kind of message.
        """
        if not self:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id, t.campaign_id, t.res_id, c.model_name,
                       t.is_test IS NOT TRUE AND (p.state = 'unlinked' OR c.state != 'running')
                  FROM marketing_trace t
                  JOIN marketing_participant p ON p.id = t.participant_id
                  JOIN marketing_campaign c ON c.id = t.campaign_id
                 WHERE t.id = ANY(%s)
                """,
                self.ids,
            )
        )
        kinds = {trace_id: WITHDRAWN for trace_id, *_record, has_ended in rows if has_ended}
        contacts = {}
        for trace_id, campaign_id, res_id, model_name, _has_ended in rows:
            if model_name == "mailing.contact" and trace_id not in kinds:
                contacts.setdefault(campaign_id, {})[res_id] = trace_id
        for campaign_id, trace_ids in contacts.items():
            # sudo: the queue's own look at who has opted out
            lists = self.env["marketing.campaign"].sudo().browse(campaign_id)._get_named_lists()
            opted_out = self.env["mailing.contact"].sudo().browse(trace_ids)._filter_opted_out(lists)
            kinds.update({trace_ids[contact.id]: "mail_optout" for contact in opted_out})
        return kinds

    @api.model
    def _get_end_reasons(self):
        return {
            **super()._get_end_reasons(),
            WITHDRAWN: _("The participant had left the campaign before the message was sent."),
        }

    @api.model
    def _get_withdrawals(self):
        """Extension point: failure types of messages that were taken out of the queue since nobody should get them."""
        return {"mail_bl", "mail_optout", WITHDRAWN}

    def _end_refused(self, now):
        """Cancel those whose messages were withdrawn; one that its campaign's stop withdrew is due again."""
        known = self._get_withdrawals()
        kinds = {
            trace_id: kind
            for trace_id, status, kind, _reason in self._get_last_messages()
            if status == "cancel" and kind in known
        }
        again = self.filtered(
            lambda trace: kinds.get(trace.id) == WITHDRAWN and trace.participant_id.state != "unlinked"
        )
        withdrawn = self.filtered(lambda trace: trace.id in kinds) - again
        withdrawn._end(
            {
                trace.id: (
                    "canceled",
                    (trace.participant_id.end_code if kinds[trace.id] == WITHDRAWN else None) or kinds[trace.id],
                    None,
                )
                for trace in withdrawn
            },
            now,
        )
        if again:
            again._retry(now)
        return super(MarketingTrace, self - withdrawn - again)._end_refused(now)
