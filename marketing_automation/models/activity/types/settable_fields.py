"""Which fields of a target a step may set: those that its user could write on the record's own form, and no others.

Whatever the answer here, Odoo asks again when the step writes: it does so with the rights of the campaign's user.
"""

import re

from odoo import api, models
from odoo.models import MAGIC_COLUMNS

TYPES = {
    *("char", "text", "integer", "float", "monetary", "boolean", "selection", "date", "datetime"),
    *("many2one", "many2many"),
}
# What decides who may do what, or how Odoo itself is built
TECHNICAL_MODELS = re.compile(r"(ir|bus|base|marketing)\..*|res\.(company|groups|users)(\..*)?")
# lists of mailings too: taking one off would forget an opt-out, which the step for mailing lists keeps
TECHNICAL_COMODELS = re.compile(r"(ir|bus|base|marketing|mailing)\..*|res\.(company|groups)(\..*)?")
SECRET_NAMES = re.compile(r"passw|secret|token|api_?key|totp|signup|credential|private_key")
# Columns of Odoo's own mixins, kept by what happens to messages and activities
MIXIN_NAMES = re.compile(r"(message|activity|rating|access|website_message)_.*|(my_|parent_path|display_name|id$).*")


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.model
    def _find_settable_fields(self, model):
        """Return the fields that a step may set.

        :param model: the target, in the environment of the user who is to write
        :rtype: dict[str, odoo.fields.Field]
        """
        return {name: field for name, field in model._fields.items() if self._is_settable(model, field)}

    @api.model
    def _is_settable(self, model, field):
        """Tell whether a step may set a field of a target.

        :param model: the target, in the environment of the user who is to write
        """
        return bool(
            not TECHNICAL_MODELS.fullmatch(model._name)
            and _is_plain(field)
            and not field.readonly  # Odoo keeps it itself: whatever is written there does not last
            and model._has_field_access(field, "write")
        )

    @api.model
    def _find_copied_fields(self, model, field):
        """Return the fields from which a step may copy a value into another one.

        :param model: the target, in the environment of the user who is to read
        :param field: the one that is set
        :rtype: dict[str, odoo.fields.Field]
        """
        return {name: source for name, source in model._fields.items() if self._is_copied_to(model, source, field)}

    @api.model
    def _is_copied_to(self, model, source, field):
        return bool(
            source is not None
            and source != field
            and _is_plain(source)
            and _suits(source, field, model.env)
            and model._has_field_access(source, "read")
        )


def _is_plain(field):
    """Tell whether a field holds a value of the record itself, of a kind that a person can type or choose."""
    return bool(
        field.type in TYPES
        and field.store
        and not field.company_dependent
        and not field.related
        and not getattr(field, "engine_only", False)
        and field.name not in MAGIC_COLUMNS
        and not MIXIN_NAMES.fullmatch(field.name)
        and not SECRET_NAMES.search(field.name)
        and not (field.relational and TECHNICAL_COMODELS.fullmatch(field.comodel_name))
    )


def _suits(source, field, env):
    """Tell whether each value of one field is one of another."""
    if field.relational:
        return source.type == field.type and source.comodel_name == field.comodel_name
    if field.type == "selection":
        return source.type == "selection" and set(source.get_values(env)) <= set(field.get_values(env))
    wider = {"text": {"char", "text"}, "float": {"integer", "float", "monetary"}}
    wider["monetary"] = wider["float"]
    return source.type in wider.get(field.type, {field.type})
