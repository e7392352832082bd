"""What steps write, as far as it is known before they run: events may wait for it."""

from odoo import models

PLAIN = {"set", "add"}  # what a step does with a value that is known


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _find_writes(self):
        """Return what this step writes, by the method ``_find_writes_<type>`` of its type.

        :return: (technical name of the model; name of the field, or None for a new record; values, of which it gets
            one or more, or None where they are not known)
        :rtype: list[tuple]
        """
        self.ensure_one()
        return self._ask_type("find_writes", default=[]) if self.model_name in self.env else []

    def _find_writes_update(self):
        known = self.update_operation in PLAIN
        values = self.update_value if isinstance(self.update_value, list) else [self.update_value]
        return [(self.model_name, self.update_field, values if known else None)]

    def _find_writes_assign(self):
        return [(self.model_name, "user_id", self.person_ids.ids)]

    def _find_writes_action(self):
        changes = []
        for action in self.sudo().server_action_id._get_all_actions():
            if action.state == "object_write" and action.update_path:
                field = action._find_marketing_field(action.update_path)
                if field is not None:
                    changes.append((field.model_name, field.name, None))
            elif action.state == "object_create" and action.crud_model_id:
                changes.append((action.crud_model_id.model, None, None))
        return changes
