from odoo import _, api, fields, models

from odoo.addons.marketing_automation.engine.context import BATCH_KEY, MessageBatch
from odoo.addons.marketing_automation.engine.workflow import Trigger

SMS = frozenset({"sms"})


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(
        selection_add=[("sms", "SMS"), ("missing",)],
        ondelete={"sms": "set missing"},
    )
    trigger_type = fields.Selection(
        selection_add=[
            ("sms_click", "SMS: clicked"),
            ("sms_not_click", "SMS: not clicked"),
            ("sms_bounce", "SMS: bounced"),
            ("missing",),
        ],
        ondelete={"sms_click": "set missing", "sms_not_click": "set missing", "sms_bounce": "set missing"},
    )

    @api.model
    def _get_triggers(self):
        return {**super()._get_triggers(), **self._get_sms_triggers()}

    @api.model
    def _get_sms_triggers(self):
        return {
            "sms_click": Trigger(SMS, "click"),
            "sms_not_click": Trigger(SMS, "click", negative=True),
            "sms_bounce": Trigger(SMS, "bounce"),
        }

    @api.model
    def _get_message_types(self):
        return super()._get_message_types() | SMS

    @api.model
    def _get_mailing_types(self):
        return {**super()._get_mailing_types(), "sms": "sms"}

    def _get_template_id(self):
        if self.activity_type == "sms":
            return self.mass_mailing_id.id or None
        return super()._get_template_id()

    def _get_template_label(self):
        return _("an SMS template") if self.activity_type == "sms" else super()._get_template_label()

    @api.model
    def _get_type_icons(self):
        return {**super()._get_type_icons(), "sms": "fa-mobile"}

    def _get_action_label(self):
        if self.activity_type == "sms":
            return _("send the SMS “%s”", self.name) if self.name else _("send an SMS")
        return super()._get_action_label()

    def _get_start_errors(self):
        errors = super()._get_start_errors()
        if self.activity_type == "sms":
            if self.mass_mailing_id and not (self.mass_mailing_id.body_plaintext or "").strip():
                errors.append(_("The SMS of “%s” has no text.", self.name))
            if not self.campaign_id._has_phone_numbers():
                errors.append(_("“%s” sends an SMS, but the records of the target have no phone number.", self.name))
        return errors

    @api.private
    def _execute_sms(self, traces, now):
        """Queue the SMS for a batch of traces, through Odoo's own composer.

        Messages and traces are one transaction; Odoo's queue, which is woken after its
        commit, does the sending, but for a test.
        """
        mailing = self._get_mailing_to_send().with_context(**{BATCH_KEY: MessageBatch(traces, now)})
        mailing.action_send_sms(traces.mapped("res_id"))
        self.env.flush_all()
        traces._finish_messages(now)
        return None
