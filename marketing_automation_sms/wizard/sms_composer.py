from odoo import models

from odoo.addons.marketing_automation.engine.context import message_batch


class SmsComposer(models.TransientModel):
    """Composing the SMS of a batch of traces, in the engine's own transaction."""

    _inherit = "sms.composer"

    def _action_send_sms(self):
        if not message_batch(self.env):
            self.mailing_id._check_not_marketing_template()
        return super()._action_send_sms()

    def _prepare_mass_sms_trace_values(self, record, sms_values):
        trace_values = super()._prepare_mass_sms_trace_values(record, sms_values)
        batch = message_batch(self.env)
        if batch:
            trace_values["marketing_trace_id"] = batch.trace_by_res_id[record.id]
        return trace_values

    def _prepare_log_body_values(self, sms_records_values):
        """Keep the text in the record's history as others may read it."""
        if message_batch(self.env):
            remove_marks = self.env["link.tracker"]._remove_marks
            sms_records_values = {
                record_id: dict(values, body=remove_marks(values["body"]))
                for record_id, values in sms_records_values.items()
            }
        return super()._prepare_log_body_values(sms_records_values)

    def _get_blacklist_record_ids(self, records, recipients_info):
        """Look the numbers of this batch up, where Odoo reads the whole blocklist."""
        if not message_batch(self.env):
            return super()._get_blacklist_record_ids(records, recipients_info)
        numbers = [info["sanitized"] for info in recipients_info.values() if info["sanitized"]]
        if not self.use_exclusion_list or not numbers:
            return []
        blocked = set(self.env["phone.blacklist"].sudo().search([("number", "in", numbers)]).mapped("number"))
        return [record.id for record in records if recipients_info[record.id]["sanitized"] in blocked]

    def _get_optout_record_ids(self, records, recipients_info):
        """Add the mailing contacts who opted out of their lists: Odoo asks the list, and here is none."""
        res_ids = super()._get_optout_record_ids(records, recipients_info)
        batch = message_batch(self.env)
        if batch and self.res_model == "mailing.contact":
            list_ids = batch.traces.campaign_id._get_named_lists()
            res_ids = [*res_ids, *records.sudo()._filter_opted_out(list_ids).ids]
        return res_ids

    def _get_done_record_ids(self, records, recipients_info):
        """Return whose number got this step through another participant: a step has duplicates of its own kind.

        Who gets no message anyway takes it from nobody.
        """
        batch = message_batch(self.env)
        if not batch:
            return super()._get_done_record_ids(records, recipients_info)
        left_out = {
            *self._get_blacklist_record_ids(records, recipients_info),
            *self._get_optout_record_ids(records, recipients_info),
        }
        numbers = {
            batch.trace_by_res_id[record.id]: [recipients_info[record.id]["sanitized"]]
            for record in records
            if record.id not in left_out
        }
        return batch.traces.browse(numbers)._find_duplicates(numbers, column="sms_number").mapped("res_id")

    def _filter_out_and_handle_revoked_sms_values(self, sms_values_all):
        """Make no SMS for whom the limit of messages to one number has none at the moment."""
        batch = message_batch(self.env)
        if batch:
            left_out = batch.confirm_places(
                {res_id: values["number"] for res_id, values in sms_values_all.items()},
                {res_id for res_id, values in sms_values_all.items() if values["state"] != "canceled"},
            )
            sms_values_all = {res_id: values for res_id, values in sms_values_all.items() if res_id not in left_out}
        return super()._filter_out_and_handle_revoked_sms_values(sms_values_all)
