import json

from odoo import api, fields, models
from odoo.tools import clean_context, consteq, hmac

# What an action shows rather than does
PRESENTATION = {
    *("id", "name", "automated_name", "help", "sequence", "path", "usage", "type", "xml_id"),
    *("create_uid", "create_date", "write_uid", "write_date", "webhook_sample_payload"),
    *("marketing_shipped_key", "marketing_shipped_digest"),
}


class IrActionsServer(models.Model):
    """Server actions that an addon's campaign templates ship.

    Made once, and found again by their key. As long as nobody changes what they do, a campaign
    runs them as the addon's own code: a marketer who may not write contacts can still have
    them tagged by the template "Tag Hot Contacts", and by nothing else.
    """

    _name = "ir.actions.server"
    _inherit = ["ir.actions.server", "marketing.engine.fields"]

    marketing_shipped_key = fields.Char(
        readonly=True, engine_only=True, copy=False, index="btree_not_null", groups="base.group_system"
    )
    marketing_shipped_digest = fields.Char(readonly=True, engine_only=True, copy=False, groups="base.group_system")

    @api.model
    def _get_marketing_shipped(self, key):
        """Return the server action of campaign templates with a key; it is made where there is none.

        :param str key: of ``marketing.campaign._get_template_actions``
        """
        actions = self.sudo()
        action = actions.search([("marketing_shipped_key", "=", key)], limit=1)
        if not action:
            values = self.env["marketing.campaign"].sudo()._get_template_actions()[key]()
            model = self.env["ir.model"]._get(values.pop("model"))
            # no default of the caller's: what is made here runs as the addon's own
            action = actions.with_context(clean_context(self.env.context)).create(
                {**values, "model_id": model.id, "usage": "marketing_automation", "marketing_shipped_key": key}
            )
            action.marketing_shipped_digest = action._get_marketing_digest()
        return action.with_env(self.env)

    def _is_marketing_shipped(self):
        """Tell whether this is an action of an installed addon's template that does what it was shipped to do."""
        action = self.sudo()
        shipped = self.env["marketing.campaign"]._get_template_actions()
        return action.marketing_shipped_key in shipped and consteq(
            action._get_marketing_digest(), action.marketing_shipped_digest or ""
        )

    def _get_marketing_digest(self):
        """Return a signature of everything that this action does."""
        self.ensure_one()
        does = self._get_marketing_contents()[self.id]
        return hmac(
            self.env(su=True),
            "marketing_automation-shipped",
            (self.marketing_shipped_key, json.dumps(does, sort_keys=True, default=str)),
        )
