from odoo import fields, models


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    # An action outlives the app: a user made it.
    usage = fields.Selection(
        selection_add=[("marketing_automation", "Marketing Automation")],
        ondelete={"marketing_automation": "set default"},
    )
    # Marketing users may read the actions that they choose from, but no secret in them.
    webhook_url = fields.Char(groups="base.group_system")
    webhook_sample_payload = fields.Text(groups="base.group_system")
