from odoo import _, api, fields, models
from odoo.tools import LazyTranslate

from odoo.addons.marketing_automation.engine.activity_types import ActivityType
from odoo.addons.marketing_automation.engine.context import BATCH_KEY, MessageBatch
from odoo.addons.marketing_automation.engine.workflow import Trigger

_lt = LazyTranslate(__name__)

SMS = ActivityType(
    "sms",
    icon="fa-mobile",
    group="message",
    hint=_lt("Text to their phones"),
    does=(_lt("send an SMS"), _lt("send the SMS “%s”")),
    template="mass_mailing_id",
    template_label=_lt("an SMS template"),
    sends=True,
    mailing_type="sms",
    triggers={
        "sms_click": Trigger(event="click"),
        "sms_not_click": Trigger(event="click", negative=True),
        "sms_bounce": Trigger(event="bounce"),
    },
    address_column="sms_number",
    duplicate_code="sms_duplicate",
)


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
    def _describe_type_sms(self):
        return SMS

    def _find_errors_sms(self):
        errors = []
        if self.mass_mailing_id and not (self.mass_mailing_id.body_plaintext or "").strip():
            errors.append(_("The SMS of “%s” has no text.", self.name))
        if not self.campaign_id._has_phone_numbers():
            errors.append(_("“%s” sends an SMS, but the records of the target have no phone number.", self.name))
        return errors

    @api.private
    def _execute_sms(self, traces, now):
        """Queue the SMS for a batch of traces, through Odoo's own composer.

        Messages and traces are one transaction; Odoo's queue, which is woken after its
        commit, does the sending, except in a test.
        """
        batch = MessageBatch(traces, now)
        mailing = self._get_mailing_to_send().with_context(**{BATCH_KEY: batch})
        mailing.action_send_sms(traces.mapped("res_id"))
        self.env.flush_all()
        batch.made._finish_messages(now)
        return None
