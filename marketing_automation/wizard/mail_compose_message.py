from odoo import models

from ..engine.context import message_batch, test_run
from ..models.mail_queue.addresses import is_sendable


class MailComposeMessage(models.TransientModel):
    """Composing the emails of a batch of traces, in the engine's own transaction."""

    _inherit = "mail.compose.message"

    def _compute_force_send(self):
        """Leave the sending to Odoo's queue: no SMTP while the engine holds its locks.

        But for a test, whose user waits for the result. Its mail is sent before it is
        committed: from then on the queue could send it too.
        """
        batch = message_batch(self.env)
        if not batch:
            return super()._compute_force_send()
        self.force_send = bool(test_run(batch.traces.env))
        return None

    def _action_send_mail(self, auto_commit=False):
        """Queue the emails and move their traces in one transaction.

        The mailing commits after this call; by then the traces must tell what happened.
        """
        batch = message_batch(self.env)
        if not batch:
            self.mass_mailing_id._check_not_marketing_template()
            return super()._action_send_mail(auto_commit=auto_commit)
        res = super()._action_send_mail(auto_commit=False)
        batch.made._finish_messages(batch.now)
        return res

    def _prepare_mail_values(self, res_ids):
        mail_values_all = super()._prepare_mail_values(res_ids)
        batch = message_batch(self.env)
        trace_by_res_id = batch.trace_by_res_id if batch else {}
        for res_id, mail_values in mail_values_all.items():
            if res_id in trace_by_res_id:
                mail_values["marketing_trace_id"] = trace_by_res_id[res_id]
                if mail_values.get("body"):  # what the record's history keeps, which others may read
                    mail_values["body"] = self.env["link.tracker"]._remove_marks(mail_values["body"])
        return mail_values_all

    def _get_recipients_data(self, mail_values_dict):
        """Look at the first address of each recipient, to which alone the email goes, as a mail server would get it."""
        recipients = super()._get_recipients_data(mail_values_dict)
        if not message_batch(self.env):
            return recipients
        return {
            res_id: {
                **data,
                "mail_to": data["mail_to"][:1],
                "mail_to_normalized": list(filter(is_sendable, data["mail_to_normalized"][:1])),
            }
            for res_id, data in recipients.items()
        }

    def _prepare_mail_values_mailing_traces(self, mail_values_all):
        trace_values_all = super()._prepare_mail_values_mailing_traces(mail_values_all)
        batch = message_batch(self.env)
        trace_by_res_id = batch.trace_by_res_id if batch else {}
        for res_id, trace_values in trace_values_all.items():
            if trace_values and res_id in trace_by_res_id:
                trace_values["marketing_trace_id"] = trace_by_res_id[res_id]
        return trace_values_all

    def _process_mail_values_state(self, mail_values_dict):
        batch = message_batch(self.env)
        if not batch:
            return super()._process_mail_values_state(mail_values_dict)
        names = ("state", "failure_type", "is_notification")
        before = {
            res_id: {name: mail_values[name] for name in names if name in mail_values}
            for res_id, mail_values in mail_values_dict.items()
        }
        mail_values_dict = super()._process_mail_values_state(mail_values_dict)
        for res_id, mail_values in mail_values_dict.items():
            if mail_values.get("failure_type") == "mail_dup":
                # Of a message before it in this call, which may be cancelled as a duplicate itself: see below
                for name in names:
                    mail_values.pop(name, None)
                mail_values.update(before[res_id])
        recipients = self._cancel_marketing_duplicates(mail_values_dict, batch)
        left_out = batch.confirm_places(
            {res_id: next(iter(recipients[res_id]["mail_to_normalized"]), None) for res_id in mail_values_dict},
            {res_id for res_id, mail_values in mail_values_dict.items() if mail_values.get("state") != "cancel"},
        )
        return {res_id: values for res_id, values in mail_values_dict.items() if res_id not in left_out}

    def _get_optout_emails(self, mail_values_dict):
        """Add the mailing contacts who opted out of their lists: Odoo asks the list, and here is none."""
        emails = super()._get_optout_emails(mail_values_dict)
        batch = message_batch(self.env)
        if batch and self.model == "mailing.contact":
            contacts = self.env["mailing.contact"].sudo().browse(mail_values_dict)
            list_ids = batch.traces.campaign_id._get_named_lists()
            emails += contacts._filter_opted_out(list_ids).mapped("email_normalized")
        return emails

    def _cancel_marketing_duplicates(self, mail_values_dict, batch):
        """Cancel the emails to addresses that got this step through another participant.

        :return: the recipients, as :meth:`_get_recipients_data` gives them
        """
        recipients = self._get_recipients_data(mail_values_dict)
        trace_by_res_id = batch.trace_by_res_id
        emails = {
            trace_by_res_id[res_id]: recipients[res_id]["mail_to_normalized"]
            for res_id, mail_values in mail_values_dict.items()
            if mail_values.get("state") != "cancel"
        }
        duplicates = set(batch.traces.browse(emails)._find_duplicates(emails).ids)
        for res_id, mail_values in mail_values_dict.items():
            if trace_by_res_id[res_id] in duplicates:
                mail_values.update(state="cancel", failure_type="mail_dup", is_notification=False)
        return recipients
