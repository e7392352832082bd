"""What a step of a campaign rests on in its server action."""

import hashlib
import json

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.models import MAGIC_COLUMNS
from odoo.tools import SQL

from .ir_actions_server_shipped import PRESENTATION


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_step(self):
        activities = self.env["marketing.activity"].sudo().with_context(active_test=False)
        activity = activities.search([("server_action_id", "in", self.ids)], limit=1)
        if activity:
            raise UserError(
                _(
                    "“%(action)s” is the server action of the activity “%(activity)s” of the campaign “%(campaign)s”: "
                    "remove that activity first, or give it another action.",
                    action=activity.server_action_id.name,
                    activity=activity.display_name,
                    campaign=activity.campaign_id.display_name,  # not its name: it may be of another company
                )
            )

    @api.private
    def _get_marketing_rests(self):
        """Return what steps rest on in these actions.

        :return: by id, the ``model`` and a digest of all that the action ``does``
        :rtype: dict[int, dict]
        """
        actions = self.sudo()
        contents = actions._get_marketing_contents()
        return {
            action.id: {
                "model": action.model_name,
                "does": hashlib.sha256(
                    json.dumps(contents[action.id], sort_keys=True, default=str).encode()
                ).hexdigest(),
            }
            for action in actions
        }

    def _get_marketing_template_digests(self):
        """Return a digest of the templates that these actions send, which others than administrators may write.

        :return: by the id of each action that has one
        :rtype: dict[int, str]
        """
        return self._digest_templates("template_id")

    def _digest_templates(self, fname):
        """Return a digest of the rows that a many2one of these actions names, in all languages; by one query."""
        named = {action.id: action[fname].id for action in self if action[fname]}
        if not named:
            return {}
        model = self.env[self._fields[fname].comodel_name]
        model.flush_model()
        query = SQL(
            "SELECT t.id, md5((to_jsonb(t) - %s::text[])::text) FROM %s t WHERE t.id = ANY(%s)",
            list(MAGIC_COLUMNS),
            SQL.identifier(model._table),
            list(named.values()),
        )
        digests = dict(self.env.execute_query(query))
        return {action_id: digests.get(template_id, "") for action_id, template_id in named.items()}

    def _get_marketing_contents(self):
        """Return all that these actions do, by id: what is set of their fields, and what their child actions do."""
        fnames = sorted(
            name
            for name, field in self._fields.items()
            if field.store and name not in PRESENTATION and not name.startswith("binding_")
        )
        contents = {}
        for values in self.with_context(active_test=False, lang=None).read(fnames, load=None):
            contents[values["id"]] = {name: value for name, value in values.items() if value and name != "id"}
        for action_id, digest in self._get_marketing_template_digests().items():
            contents[action_id]["template"] = digest
        children = self.child_ids
        if children:
            child_contents = children._get_marketing_contents()
            for action in self:
                if action.child_ids:
                    # in the order in which they run
                    contents[action.id]["child_ids"] = [child_contents[child.id] for child in action.child_ids.sorted()]
        return contents
