from odoo import api, models


class MarketingMovingMixin(models.AbstractModel):
    """Models of which a campaign consists, as far as a file takes them to another database.

    What a user may write goes along, fields of companion addons too, unless :meth:`_get_unmoved_fields` names it.
    """

    _name = "marketing.moving.mixin"
    _description = "Marketing Automation: What Moves With a Campaign"

    @api.model
    def _get_unmoved_fields(self):
        """Return the fields that a user may write and that no file has, with the reason of each.

        :rtype: dict[str, str]
        """
        return {}

    @api.model
    def _get_moving_fields(self):
        """Return the names of the fields that a file has.

        :rtype: list[str]
        """
        unmoved = self._get_unmoved_fields()
        return [name for name in self._get_user_fields() if name not in unmoved]

    @api.model
    def _get_user_fields(self):
        """Return the names of the stored fields that users write, in alphabetical order.

        :rtype: list[str]
        """
        engine = getattr(self, "_is_engine_field", lambda field: False)
        return [
            name
            for name, field in sorted(self._fields.items())
            if field.store and not field.readonly and not engine(field)
        ]

    @api.model
    def _get_moving_model(self, fname, get, target):
        """Return the model that a filter is about, or of which a JSON value holds ids; None for all else.

        :param str fname: of a field
        :param get: gives the value of another field of the same record by its name
        :param str target: name of the campaign's model
        """
        return target if self._is_moving_filter(fname) else None

    @api.model
    def _is_moving_filter(self, fname):
        return self._fields[fname].type == "char" and fname.endswith("domain")
