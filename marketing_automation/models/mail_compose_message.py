from odoo import models

# Context key under which the engine has a mailing composed: {record id: marketing.trace id}
TRACES_KEY = "marketing_automation_traces"
# … and the moment at which the engine works
NOW_KEY = "marketing_automation_now"


class MailComposeMessage(models.TransientModel):
    """Composing the emails of a batch of traces, in the engine's own transaction."""

    _inherit = "mail.compose.message"

    def _compute_force_send(self):
        """Leave the sending to Odoo's queue: no SMTP while the engine holds its locks."""
        if self.env.context.get(TRACES_KEY):
            self.force_send = False
        else:
            super()._compute_force_send()

    def _action_send_mail(self, auto_commit=False):
        """Queue the emails and move their traces in one transaction.

        The mailing commits after this call; by then the traces must tell what happened.
        """
        trace_by_res_id = self.env.context.get(TRACES_KEY)
        if not trace_by_res_id:
            return super()._action_send_mail(auto_commit=auto_commit)
        res = super()._action_send_mail(auto_commit=False)
        traces = self.env["marketing.trace"].sudo().browse(trace_by_res_id.values())
        traces._finish_messages(self.env.context[NOW_KEY])
        return res

    def _prepare_mail_values(self, res_ids):
        mail_values_all = super()._prepare_mail_values(res_ids)
        trace_by_res_id = self.env.context.get(TRACES_KEY) or {}
        for res_id, mail_values in mail_values_all.items():
            if res_id in trace_by_res_id:
                mail_values["marketing_trace_id"] = trace_by_res_id[res_id]
        return mail_values_all

    def _prepare_mail_values_mailing_traces(self, mail_values_all):
        trace_values_all = super()._prepare_mail_values_mailing_traces(mail_values_all)
        trace_by_res_id = self.env.context.get(TRACES_KEY) or {}
        for res_id, trace_values in trace_values_all.items():
            if trace_values and res_id in trace_by_res_id:
                trace_values["marketing_trace_id"] = trace_by_res_id[res_id]
        return trace_values_all

    def _process_mail_values_state(self, mail_values_dict):
        mail_values_dict = super()._process_mail_values_state(mail_values_dict)
        trace_by_res_id = self.env.context.get(TRACES_KEY)
        if trace_by_res_id:
            self._cancel_marketing_duplicates(mail_values_dict, trace_by_res_id)
        return mail_values_dict

    def _cancel_marketing_duplicates(self, mail_values_dict, trace_by_res_id):
        """Cancel the emails to addresses that got this step through another participant."""
        recipients = self._get_recipients_data(mail_values_dict)
        emails = {
            trace_by_res_id[res_id]: recipients[res_id]["mail_to_normalized"]
            for res_id, mail_values in mail_values_dict.items()
            if mail_values.get("state") != "cancel"
        }
        traces = self.env["marketing.trace"].sudo().browse(emails)
        duplicates = set(traces._find_duplicates(emails).ids)
        for res_id, mail_values in mail_values_dict.items():
            if trace_by_res_id[res_id] in duplicates:
                mail_values.update(state="cancel", failure_type="mail_dup", is_notification=False)
