"""Fields that only the engine writes, whichever door a value comes by, and what a record is after a write.

Odoo asks :meth:`_has_field_access` for each field that a caller gives: in ``create`` (what is in the context as
``default_…`` included), ``write``, ``web_save``, ``copy``, imports, commands on lines of another record, translations.
It does not ask for the defaults that users keep for themselves (``ir.default``), nor for what a form says that is not
saved yet: those come by ``default_get`` and the cache of a new record.
"""

from odoo import _, api, models
from odoo.exceptions import AccessError


class MarketingEngineFields(models.AbstractModel):
    """Models that have fields which only the engine may write.

    A field says so by ``engine_only=True``. The engine writes it as superuser, which no caller over RPC is.
    """

    _name = "marketing.engine.fields"
    _description = "Fields of the Marketing Automation Engine"

    def _valid_field_parameter(self, field, name):
        return name == "engine_only" or super()._valid_field_parameter(field, name)

    @api.model
    def _is_engine_field(self, field):
        """Tell whether only the engine may write a field of this model.

        :param odoo.fields.Field field:
        :rtype: bool
        """
        return getattr(field, "engine_only", False)

    def _has_field_access(self, field, operation):
        if operation == "write" and not self.env.su and self._is_engine_field(field):
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def _check_field_access(self, field, operation):
        """Say whose the field is.

        :raise AccessError: also where the value is the present or the default one
        """
        if operation == "write" and not self.env.su and self._is_engine_field(field):
            raise AccessError(
                _(
                    "“%(field)s” of a “%(model)s” cannot be written: Marketing Automation keeps it itself.",
                    field=field._description_string(self.env),
                    model=self.env["ir.model"]._get(self._name).name,
                )
            )
        return super()._check_field_access(field, operation)

    @api.model
    def default_get(self, fields):
        """Leave the engine's fields to the defaults of the code, whoever asks.

        What the engine makes for a user has that user's context.
        """
        engine = [name for name in fields if name in self._fields and self._is_engine_field(self._fields[name])]
        values = super().default_get([name for name in fields if name not in engine])
        for name in engine:
            field = self._fields[name]
            if field.default:
                value = field.convert_to_cache(field.default(self), self, validate=False)
                values[name] = field.convert_to_write(value, self)
        return values

    def _update_cache(self, values, validate=True):
        """Ignore what a form that is not saved claims of the engine's fields.

        What is computed for it would tell, with more rights than the caller's, of what is not so.
        """
        if not self.env.su and not self.id:
            fields = self._fields
            values = {
                name: value
                for name, value in values.items()
                if name not in fields or not self._is_engine_field(fields[name])
            }
        return super()._update_cache(values, validate)
