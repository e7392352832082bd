"""What a filter says, in words: for sentences about a step that are made on the server."""

from odoo import _, api, models
from odoo.fields import Domain
from odoo.orm.domains import DomainAnd, DomainCondition, DomainNot, DomainOr
from odoo.tools import format_date

from ..guards.marketing_checked_mixin import shorten
from ..moments import format_moment

LONGEST = 300  # characters; beyond it the filter itself says more


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _describe_filter(self, text):
        """Return in words what a filter of the target says: names of records as far as the reader may see them.

        :param str text: of the filter
        :return: “Country is Belgium”, or an empty text where there are no words for it
        """
        self.ensure_one()
        if self.model_name not in self.env:
            return ""
        try:
            domain = self._parse_filter(text, self.env)
            words = "" if domain.is_true() else self._describe_domain(self.env[self.model_name], domain)
        except Exception:  # what cannot be read is told where that matters
            return ""
        return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"

    @api.model
    def _describe_domain(self, model, domain, inside=False):
        if isinstance(domain, DomainCondition):
            return self._describe_condition(model, domain)
        if isinstance(domain, DomainNot):
            return _("not (%s)", self._describe_domain(model, domain.child))
        if isinstance(domain, DomainAnd | DomainOr):
            parts = [self._describe_domain(model, child, True) for child in domain.children]
            joined = (_(" and ") if isinstance(domain, DomainAnd) else _(" or ")).join(parts)
            return f"({joined})" if inside else joined
        return _("always") if domain.is_true() else _("never")

    @api.model
    def _describe_condition(self, model, condition):
        """Return one condition in words: the field, how it is compared, and with what."""
        *path, name = condition.field_expr.split(".")
        labels, holder = [], model
        for step in path:
            labels.append(holder._fields[step]._description_string(self.env))
            holder = holder.env[holder._fields[step].comodel_name]
        field = holder._fields[name]
        label = " › ".join([*labels, field._description_string(self.env)])
        operator, value = condition.operator, condition.value
        negative = operator in ("!=", "not in", "not ilike", "not like", "not any", "not child_of")
        if operator in ("any", "not any"):
            words = self._describe_domain(holder.env[field.comodel_name], Domain(value))
            pattern = _("%(field)s is none with: %(value)s") if negative else _("%(field)s is one with: %(value)s")
            return pattern % {"field": label, "value": words}
        values = (
            list(value) if isinstance(value, list | tuple | set | frozenset) or hasattr(value, "__iter__") else None
        )
        values = [value] if values is None or isinstance(value, str) else values
        if operator in ("=", "!=", "in", "not in") and values == [False]:
            if field.type == "boolean":
                return _("%s is set", label) if negative else _("%s is not set", label)
            return _("%s is set", label) if negative else _("%s is empty", label)
        if field.type == "boolean" and values == [True]:
            return _("%s is not set", label) if negative else _("%s is set", label)
        patterns = {
            "ilike": _("%(field)s contains %(value)s"),
            "like": _("%(field)s contains %(value)s"),
            "not ilike": _("%(field)s does not contain %(value)s"),
            "not like": _("%(field)s does not contain %(value)s"),
            ">": _("%(field)s is more than %(value)s"),
            "<": _("%(field)s is less than %(value)s"),
            ">=": _("%(field)s is at least %(value)s"),
            "<=": _("%(field)s is at most %(value)s"),
        }
        pattern = patterns.get(operator) or (
            _("%(field)s is not %(value)s") if negative else _("%(field)s is %(value)s")
        )
        shown = _(" or ").join(self._describe_values(field, values))
        return pattern % {"field": label, "value": shown}

    @api.model
    def _describe_values(self, field, values):
        """Return what a field is compared with, in words."""
        if field.relational and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            records = self.env[field.comodel_name].browse(values)
            names = {}
            if records.has_access("read"):
                names = {record.id: record.display_name for record in records.exists()._filtered_access("read")}
            return [names.get(value) or _("record %s", value) for value in values]
        if field.type == "selection":
            labels = dict(field._description_selection(self.env))
            return [labels.get(value, str(value)) for value in values]
        words = []
        for value in values:
            if field.type == "date" and hasattr(value, "year"):
                words.append(format_date(self.env, value))
            elif field.type == "datetime" and hasattr(value, "hour"):
                words.append(format_moment(self.env, value))
            else:
                words.append(shorten(str(value)) if value is not False else _("empty"))
        return words
