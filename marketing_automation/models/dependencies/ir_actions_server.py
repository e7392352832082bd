"""What a step of a campaign rests on in its server action."""

import hashlib
import json

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.models import MAGIC_COLUMNS
from odoo.tools import SQL

from ..server_actions.shipped import PRESENTATION

# What people say about an action, plan for it, or have it run by
CHATTER = {
    *("message_ids", "website_message_ids", "message_follower_ids", "rating_ids", "message_main_attachment_id"),
    *("activity_ids", "ir_cron_ids"),
}


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_step(self):
        activities = self.env["marketing.activity"].sudo().with_context(active_test=False)
        activities._delete_discarded([("server_action_id", "in", self.ids)])
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
                "model": contents[action.id].pop("model"),
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
        """Return all that these actions do, by id: what is set of their fields, and what their child actions do.

        A running step asks for it with each batch: it takes one query, where an action has children some more.
        What people say about an action, plan or schedule with it is not what it does.
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.id, to_jsonb(a) - %s::text[] || jsonb_build_object('model', m.model) || %s
                  FROM ir_act_server a LEFT JOIN ir_model m ON m.id = a.model_id WHERE a.id = ANY(%s)
                """,
                [name for name in self._fields if self._is_beside_marketing(name)],
                self._get_marketing_links_sql(),
                self.ids,
            )
        )
        contents = {
            action_id: {
                name: value
                for name, value in does.items()
                # the same columns hold what an activity that is planned on the action itself is about
                if value and (does["state"] == "next_activity" or not name.startswith("activity_"))
            }
            for action_id, does in rows
        }
        for action_id, digest in self._get_marketing_template_digests().items():
            contents[action_id]["template"] = digest
        for values in self._read_marketing_lines():
            contents[values.pop("id")].update({name: value for name, value in values.items() if value})
        parents = self.filtered(lambda action: contents[action.id]["state"] == "multi")
        child_contents = parents.child_ids._get_marketing_contents() if parents else {}
        for action in parents:
            # in the order in which they run
            contents[action.id]["child_ids"] = [child_contents[child.id] for child in action.child_ids.sorted()]
        return contents

    def _is_beside_marketing(self, fname):
        """Tell whether a field of an action is about something else than what it does."""
        return fname in PRESENTATION or fname in CHATTER or fname.startswith("binding_")

    def _get_marketing_links_sql(self):
        """Return the ids in the many2many fields of the actions ``a``, as a JSON object."""
        arrays = [
            SQL(
                "%s, ARRAY(SELECT %s FROM %s WHERE %s = a.id ORDER BY 1)",
                name,
                SQL.identifier(field.column2),
                SQL.identifier(field.relation),
                SQL.identifier(field.column1),
            )
            for name, field in sorted(self._fields.items())
            if field.type == "many2many" and field.store and not self._is_beside_marketing(name)
        ]
        return SQL("jsonb_build_object(%s)", SQL(", ").join(arrays))

    def _read_marketing_lines(self):
        """Return what else addons keep of actions, which is no column of theirs: lines, files."""
        fnames = [
            name
            for name, field in sorted(self._fields.items())
            if field.store
            and not field.column_type
            and field.type != "many2many"
            and name != "child_ids"
            and not self._is_beside_marketing(name)
        ]
        return self.with_context(active_test=False, lang=None).read(fnames, load=None) if fnames else []
