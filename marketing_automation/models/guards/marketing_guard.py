from odoo import _, api, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS


class MarketingGuard(models.AbstractModel):
    """Models of this app: what is readonly is the engine's, and a write leads nowhere that its user may not be.

    A readonly field is left to users by ``engine_only=False``; those of wizards are, which do nothing by themselves.
    """

    _name = "marketing.guard"
    _inherit = "marketing.engine.fields"
    _description = "Guard of Marketing Automation"
    _written_by_engine = False  # by SQL: no method of the model hears of it

    @api.model
    def _is_engine_field(self, field):
        engine_only = getattr(field, "engine_only", None)
        if engine_only is None:
            return field.readonly and not self._transient and field.name not in MAGIC_COLUMNS  # those Odoo drops
        return engine_only

    def _prepare_create_values(self, vals_list):
        """Check what the records link to, defaults included, before anything tells of it."""
        vals_list = super()._prepare_create_values(vals_list)
        self._check_links(vals_list)
        return vals_list

    def write(self, vals):
        self._check_links([vals])
        res = super().write(vals)
        # Odoo asks before: who moves a record elsewhere needs the right to have it there.
        self.check_access("write")
        return res

    def _update_cache(self, values, validate=True):
        """Check what a form that is not saved links to: it would tell the name, and what is computed from it."""
        if not self.env.su and not self.id:
            self._check_links([values], known=self._origin)
        return super()._update_cache(values, validate)

    @api.model
    def _check_links(self, vals_list, known=None):
        """Have users link only what they may read: an error, a name or a preview would tell them of it.

        :param list vals_list: values as ``create`` and ``write`` take them
        :param known: the record, whose links are not asked about again
        :raise AccessError: naming the field
        """
        if self.env.su:
            return
        linked = {}
        for vals in vals_list:
            for name, value in vals.items():
                ids = self._get_linked_ids(self._fields.get(name), value)
                if ids:
                    linked.setdefault(name, set()).update(ids)
        for name, ids in linked.items():
            field = self._fields[name]
            records = self.env[field.comodel_name].browse(ids)
            if known:
                records -= known.sudo()[name]
            if records and (not records.has_access("read") or records.exists() != records):
                raise AccessError(
                    _(
                        "“%(field)s” of a “%(model)s” cannot be a record that does not exist, or that you may not see.",
                        field=field._description_string(self.env),
                        model=self.env["ir.model"]._get(self._name).name,
                    )
                )

    @api.model
    def _get_linked_ids(self, field, value):
        """Return the ids that a value of a many2one or many2many links a record to."""
        if not field or not value or field.type not in ("many2one", "many2many") or self._is_engine_field(field):
            return []
        if field.comodel_name == "ir.model.fields":
            return []  # which fields there are is no secret: every form tells
        if isinstance(value, models.BaseModel):
            return value.ids
        if field.type == "many2one":
            value = value.get("id") if isinstance(value, dict) else value
            return [value] if isinstance(value, int) else []
        ids = []
        for command in value:
            if isinstance(command, int):
                ids.append(command)
            elif isinstance(command, list | tuple) and command:
                if command[0] in (Command.LINK, Command.UPDATE):
                    ids.append(command[1])
                elif command[0] == Command.SET:
                    ids += command[2]
        return [id_ for id_ in ids if isinstance(id_, int)]
