"""A companion addon as it was made for 19.0.1.0.2: without a description of its type. It goes with those methods."""

from odoo import api, fields, models

from odoo.addons.marketing_automation.engine.workflow import Trigger


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    activity_type = fields.Selection(selection_add=[("letter", "Letter")], ondelete={"letter": "set missing"})
    trigger_type = fields.Selection(
        selection_add=[("letter_return", "Letter: returned")], ondelete={"letter_return": "set missing"}
    )
    letter = fields.Text()

    @api.model
    def _get_triggers(self):
        return {**super()._get_triggers(), "letter_return": Trigger(frozenset({"letter"}), "bounce")}

    @api.model
    def _get_message_types(self):
        return super()._get_message_types() | {"letter"}

    @api.model
    def _get_type_icons(self):
        return {**super()._get_type_icons(), "letter": "fa-envelope"}

    def _get_template_id(self):
        return self.id if self.activity_type == "letter" and self.letter else super()._get_template_id()

    def _get_template_label(self):
        return "a text" if self.activity_type == "letter" else super()._get_template_label()

    def _get_action_label(self):
        return "write a letter" if self.activity_type == "letter" else super()._get_action_label()

    def _execute_letter(self, traces, now):
        traces._finish({}, now)
        self.env["marketing.trace.event"].record_events("sent", traces.ids, "post office", date=now)
