"""Mails whose turn has come in the queue, and that are not to be sent any more.

Since they were made, the address was blocklisted, the recipient opted out or left the campaign, or it was stopped.
"""

from odoo import models
from odoo.tools import SQL, email_normalize

WITHDRAWN = "mail_withdrawn"  # the participant or the campaign has ended, for a reason that they know


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _withdraw(self):
        """Cancel those of these mails of campaigns that are not to be sent any more; nobody else sends them."""
        duplicates = self._follow_addresses()
        kinds = {**dict.fromkeys(duplicates.ids, "mail_dup"), **self._find_withdrawn()}
        if kinds:
            self._commit_and_remember()  # so that the rows are locked as they are now
            self._cancel_withdrawn(kinds)
            self._commit_and_remember()

    def _cancel_withdrawn(self, kinds):
        """Cancel those of these mails that nobody else sends, and tell the engine.

        :param dict kinds: failure type by id
        """
        query = "SELECT id FROM mail_mail WHERE id = ANY(%s) AND state = 'outgoing' FOR NO KEY UPDATE SKIP LOCKED"
        waiting = self.browse(row[0] for row in self.env.execute_query(SQL(query, list(kinds))))
        labels = dict(self.env["mailing.trace"]._fields["failure_type"]._description_selection(self.env))
        for kind, mails in waiting.grouped(lambda mail: kinds[mail.id]).items():
            mails.sudo().write({"state": "cancel", "failure_reason": labels[kind]})
            mails.sudo().mailing_trace_ids.write({"trace_status": "cancel", "failure_type": kind})
            traces = [mail.marketing_trace_id.id for mail in mails]
            self.env["marketing.trace.event"].record_events("failed", traces, "queue")

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
        blocked = {number: "mail_bl" for number, email in emails.items() if email in blocked}
        return {**blocked, **kinds}

    def _follow_addresses(self):
        """Note to which address each of these mails goes where its contact has another one since it was made.

        Odoo sends to the contact's present address. The blocklist, bounces, complaints and unsubscriptions are looked
        up by what is noted.

        :return: those of these mails whose present address got the step through another participant
        """
        duplicates = self.browse()
        for mail in self.exists().filtered("marketing_trace_id"):
            message = mail.sudo().mailing_trace_ids[:1]
            address = email_normalize(mail.sudo().recipient_ids[:1].email or "", strict=False)
            if address and message and address != email_normalize(message.email or "", strict=False):
                message.email = address
                trace = mail.marketing_trace_id
                if trace._find_duplicates({trace.id: [address]}):
                    duplicates += mail
        return duplicates
