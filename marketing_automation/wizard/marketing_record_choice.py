from odoo import api, fields, models
from odoo.exceptions import UserError


class MarketingRecordChoice(models.AbstractModel):
    """Dialogs in which one chooses a record of a target: they have a ``model_name`` and a stored ``res_id``."""

    _name = "marketing.record.choice"
    _description = "Marketing Automation: Choice of a Record"

    resource_ref = fields.Reference(
        selection=lambda self: self.env["marketing.participant"]._selection_target_model(),
        string="Record",
        compute="_compute_resource_ref",
        inverse="_inverse_resource_ref",
    )

    @api.depends("model_name", "res_id")
    def _compute_resource_ref(self):
        for wizard in self:
            known = wizard.model_name in wizard.env and wizard.res_id
            wizard.resource_ref = f"{wizard.model_name},{wizard.res_id}" if known else False

    def _inverse_resource_ref(self):
        for wizard in self:
            record = wizard.resource_ref
            if record and record._name != wizard.model_name:
                raise UserError(wizard._get_refusal(f"{record._name},{record.id}"))
            wizard.res_id = record.id if record else False

    def _get_refusal(self, name):
        """Return in words that a record is of another model than the dialog's target."""
        raise NotImplementedError
