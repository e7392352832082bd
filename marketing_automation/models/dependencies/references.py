"""The records that a filter names: one that is deleted makes it match nobody, or, where it was left out, everybody."""

from odoo import _, api, models
from odoo.fields import Domain

MAX_ID = 2**31 - 1
SUBDOMAIN_OPERATORS = ("any", "not any")


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _check_references(self, model, domain):
        """Refuse a filter that names a record which was deleted: a tag, a stage, a list, a user, a team …

        The ids of the target's own records are no such names: who is deleted is simply no longer in it.

        :param model: of the filter
        :param Domain domain: the filter
        :raise ValueError: naming the field
        """
        named = {}
        for field, ids in self._find_references(model, domain):
            named.setdefault(field.comodel_name, {}).update(dict.fromkeys(ids, field))
        for model_name, field_by_id in named.items():
            records = model.env[model_name].sudo().with_context(active_test=False).browse(sorted(field_by_id))
            gone = records - records.exists()
            for record in gone:
                field = field_by_id[record.id]
                raise ValueError(
                    _(
                        "“%(field)s” names a record of “%(model)s” that was deleted. Choose another, or take it out.",
                        field=field._description_string(self.env),
                        model=self.env["ir.model"].sudo()._get(model_name).name,
                    )
                )

    @api.model
    def _iter_fields(self, model, domain):
        """Yield the conditions of a filter with the field that each compares: None where the model has no such field.

        Those of subdomains too, in the place of the condition that has them.
        """
        for condition in domain.iter_conditions():
            *path, name = condition.field_expr.split(".")
            holder = model
            for step in path:
                field = holder._fields.get(step)
                holder = holder.env[field.comodel_name] if field and field.relational else None
                if holder is None:
                    break
            field = holder._fields.get(name) if holder is not None else None
            if field and field.relational and condition.operator in SUBDOMAIN_OPERATORS:
                yield from self._iter_fields(holder.env[field.comodel_name], Domain(condition.value))
            else:
                yield field, condition

    @api.model
    def _find_references(self, model, domain):
        """Yield the relational fields of a filter, with the ids that it compares each with."""
        for field, condition in self._iter_fields(model, domain):
            if not field or not field.relational:
                continue
            value = condition.value
            values = [value] if isinstance(value, (bool, int, str)) or value is None else value
            try:
                ids = [
                    id_ for id_ in values if isinstance(id_, int) and not isinstance(id_, bool) and 0 < id_ <= MAX_ID
                ]
            except TypeError:  # a query
                continue
            if ids:
                yield field, ids

    def _get_lost_filter_warnings(self):
        """Return in words which filters of a campaign that runs can no longer be read: it stops at its next look.

        :rtype: list[str]
        """
        self.ensure_one()
        campaign = self.sudo()
        user = campaign.run_as_id
        if campaign.state != "running" or not user or campaign._get_run_problem(user):
            return []
        return [
            _("%s The campaign stops by itself when it comes to it.", error) for error in self._get_filter_errors(user)
        ]
