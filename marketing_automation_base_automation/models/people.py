"""Who enters for what happened: found by the engine, as the campaign's user sees it, not where somebody saves."""

import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from odoo.addons.marketing_automation.engine.errors import CampaignStop

from ..engine.event_kinds import Email

_logger = logging.getLogger(__name__)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _find_who_enters_event(self, campaign, running, res_ids):
        """Return who enters for the records to which an event happened, see ``_find_who_enters``."""
        if self._find_running_problem(campaign, running):
            return {}
        settings, target = running.settings, campaign._get_target()
        kind = self._get_kinds()[settings["kind"]]
        model = campaign._get_run_env()[self._get_event_model(kind, settings, target)]
        try:
            domain = campaign._parse_filter(settings.get("domain"), model.env)
            domain &= self._ask_kind("domain", settings, default=Domain.TRUE)
            records = model.with_context(active_test=False).search(domain & Domain("id", "in", res_ids))
        except (UserError, ValueError) as error:
            _logger.warning("Nobody enters the campaign %s by its entry %s: %s", campaign.id, running.id, error)
            return {}
        return self._follow_ways(self._get_ways(kind, settings, target), records, campaign)

    @api.model
    def _follow_ways(self, ways, records, campaign):
        """Return the record of the target to which each record leads, by the first way that does.

        :rtype: dict[int, int]
        """
        found = {}
        for way in ways:
            if not self._is_way(way, records._name, campaign._get_target()):
                continue
            left = records.browse(res_id for res_id in records.ids if res_id not in found)
            follow = self._follow_email if isinstance(way, Email) else self._follow_link
            found |= follow(way, left, campaign) if left else {}
        return found

    @api.model
    def _follow_link(self, way, records, campaign):
        """Return the id of the record to which a path leads, of those that the campaign's user may read."""
        reached = self._follow_path(way.path, records)
        if way.email:
            addresses = {record.id: email_normalize(record[way.email] or "") for record in records}
            reached = {
                res_id: record
                for res_id, record in reached.items()
                if not addresses[res_id] or addresses[res_id] == email_normalize(record[record._primary_email] or "")
            }
        return {res_id: record.id for res_id, record in reached.items()}

    @api.model
    def _follow_path(self, path, records):
        reached = {record.id: record for record in records}
        for name in path.split(".") if path else ():
            following = {res_id: record[name] for res_id, record in reached.items() if record[name]}
            comodel = records.env[records._fields[name].comodel_name]
            records = comodel.browse({record.id for record in following.values()})
            readable = set(records.with_context(active_test=False)._filtered_access("read").ids)
            reached = {res_id: record for res_id, record in following.items() if record.id in readable}
        return reached

    @api.model
    def _follow_email(self, way, records, campaign):
        reached = self._follow_path(way.path, records)
        emails = {res_id: email_normalize(record[way.field] or "") for res_id, record in reached.items()}
        emails = {res_id: email for res_id, email in emails.items() if email}
        if not emails:
            return {}
        target = records.env[campaign._get_target()]
        try:
            people = self._find_addresses(target, sorted(set(emails.values())), campaign)
        except CampaignStop:  # its filter: told where it is read
            return {}
        return {res_id: people[email] for res_id, email in emails.items() if email in people}
