"""Whose clock counts: the campaign's, or that of each recipient."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...engine.zones import Clocks, find_zone

CLOCKS_KEY = "marketing_automation.clocks"


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.private
    def _get_clocks(self, res_ids, now):
        """Return whose clock counts for each of these records.

        One query, when it is needed: a batch asks as its steps begin, and as those that follow are scheduled.

        :param list res_ids: ids of records of the target
        :param datetime now: UTC
        :rtype: Clocks
        """
        self.ensure_one()
        if self._get_workflow().tz_mode != "recipient":
            return Clocks(self._get_tz())
        return Clocks(self._get_tz(), lambda: self._get_zones(set(res_ids), now))

    def _get_zones(self, res_ids, now):
        """Return the zones of records, by id; those that were read for the same moment are not read again."""
        key = (self.id, now)
        kept_key, zones = self.env.cr.cache.get(CLOCKS_KEY, (None, None))
        if kept_key != key:
            zones = {}
            self.env.cr.cache[CLOCKS_KEY] = key, zones
        missing = res_ids - zones.keys()
        if missing:
            zones.update(dict.fromkeys(missing))
            zones.update(self._read_zones(missing, now))
        return zones

    def _forget_zones(self):
        """Have the zones of records be read anew: a batch begins."""
        self.env.cr.cache.pop(CLOCKS_KEY, None)

    def _read_zones(self, res_ids, now):
        """Return the zones that records tell, by id.

        A record's own counts, then its partner's, then that of its country, then that of its partner's country.

        :rtype: dict[int, str | None]
        """
        model = self.env[self._get_target()].sudo().with_context(active_test=False)  # a zone is no secret
        query = model._search(Domain("id", "in", list(res_ids)), active_test=False)
        names, countries = self._find_zone_columns(model, query)
        rows = self.env.execute_query(query.select(SQL.identifier(query.table, "id"), *names, *countries))
        return {res_id: find_zone(told[: len(names)], told[len(names) :], now) for res_id, *told in rows}

    def _find_zone_columns(self, model, query):
        """Return what tells the zones of a model's records: names of zones, and codes of countries.

        :param query: of these records, which joins what it needs
        :rtype: tuple[list[SQL], list[SQL]]
        """
        names, countries, places = [], [], [(model, query.table)]
        for name in model._mail_get_partner_fields(introspect_fields=model._custom):
            if self._is_column(model, name, "many2one"):
                places.append(model._fields[name].join(model, query.table, query))
        for place, table in places:
            if self._is_column(place, "tz", "char", "selection"):
                names.append(place._field_to_sql(table, "tz", query))
            if self._is_column(place, "country_id", "many2one") and not place._fields["country_id"].related:
                _country, alias = place._fields["country_id"].join(place, table, query)
                countries.append(SQL.identifier(alias, "code"))
        return names, countries

    @api.model
    def _is_column(self, model, name, *types):
        """Tell whether the database keeps a field of a model, or that of another record which it is."""
        field = model._fields.get(name)
        if not field or field.type not in types or field.company_dependent:
            return False
        return field.store or bool(field.related and field.inherited)
