from odoo import api, models


class MarketingActivity(models.Model):
    _name = "marketing.activity"
    _inherit = ["marketing.moving.mixin", "marketing.activity"]

    @api.model
    def _get_unmoved_fields(self):
        return {
            "active": "archived steps are history",
            "campaign_id": "the campaign of which the file has it as a part",
            "parent_id": "a part of its own: the key of another step",
            "child_ids": "the other side of the parent",
            "branch_ids": "a part of its own",
            "mass_mailing_id": "a part of its own",
            "server_action_id": "a part of its own",
        }

    @api.model
    def _get_moving_model(self, fname, get, target):
        if fname == "update_value":  # the ids of linked records
            model, name = self.env.get(target), get("update_field")
            field = model._fields.get(name) if model is not None and isinstance(name, str) else None
            return field.comodel_name if field and field.relational else None
        return super()._get_moving_model(fname, get, target)
