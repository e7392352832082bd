"""A companion addon: activities that write a note on the record, and a trigger for the answer to it."""

from odoo import _, api, fields, models

from odoo.addons.marketing_automation.engine.activity_types import ActivityType
from odoo.addons.marketing_automation.engine.workflow import Trigger


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(selection_add=[("note", "Write a Note")], ondelete={"note": "set missing"})
    trigger_type = fields.Selection(
        selection_add=[("note_answer", "Note: answered")], ondelete={"note_answer": "set missing"}
    )
    note = fields.Text(help="What the activity writes on the record.")

    @api.model
    def _describe_type_note(self):
        return ActivityType(
            "note",
            icon="fa-sticky-note-o",
            triggers={"note_answer": Trigger(event="reply")},
            settings={"note": "note"},
            required=("note",),
            numbers=("reply",),
        )

    def _execute_note(self, traces, now):
        for record in self.campaign_id._get_run_env()[self.model_name].browse(traces.mapped("res_id")):
            record.message_post(body=self._get_running_step().settings["note"])
        return {}


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _message_post_after_hook(self, message, values):
        """Whatever a person writes on the record answers the notes there."""
        if message.message_type == "comment":
            notes = [("activity_id.activity_type", "=", "note"), ("state", "=", "processed"), ("res_id", "=", self.id)]
            traces = self.env["marketing.trace"].sudo().search(notes)
            traces = traces.filtered(lambda trace: trace.participant_id.model_name == self._name)
            self.env["marketing.trace.event"].sudo().record_events("reply", traces.ids, "chatter")
        return super()._message_post_after_hook(message, values)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _get_campaign_templates(self):
        step = {"key": "note", "name": _("Note"), "activity_type": "note", "note": _("Worth a call?")}
        card = {"name": _("Notes"), "summary": _("Write a note."), "icon": "fa-pencil", "sequence": 900}
        return {**super()._get_campaign_templates(), "note": {**card, "model": "res.partner", "activities": [step]}}

    def _prepare_template_note(self, campaign, values):
        return values
