"""Duplicates: an address that a step of the campaign has reached already."""

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _find_duplicates(self, addresses_by_trace, column="email"):
        """Return the traces whose addresses all got this step through another participant.

        Neither a test nor another attempt of the same participant makes a duplicate.

        :param dict addresses_by_trace: list of normalized addresses by trace id
        :param str column: where mailing.trace keeps the address; indexed after mass_mailing_id
        """
        real = self.filtered(lambda trace: not trace.is_test)
        wanted = sorted({address for trace in real for address in addresses_by_trace[trace.id] if address})
        if not wanted:
            return self.browse()
        rows = self.env.execute_query(
            SQL(
                """
                -- a trace that is gone was summed up by retention: of somebody who is done
                SELECT m.%(column)s, array_agg(DISTINCT COALESCE(t.participant_id, 0))
                  FROM mailing_trace m LEFT JOIN marketing_trace t ON t.id = m.marketing_trace_id
                 WHERE m.mass_mailing_id = ANY(%(mailings)s) AND m.%(column)s = ANY(%(addresses)s)
                   AND m.marketing_trace_id IS NOT NULL AND m.trace_status != 'cancel' AND t.is_test IS NOT TRUE
                   AND (m.trace_status != 'error' OR m.failure_type = ANY(%(unknown)s))
              GROUP BY m.%(column)s
                """,
                column=SQL.identifier(column),
                mailings=[activity._get_running_step().template_id for activity in real.activity_id],
                addresses=wanted,
                unknown=self._get_unknown_failures(),
            )
        )
        reached = defaultdict(set, {address: set(participant_ids) for address, participant_ids in rows})
        duplicates = self.browse()
        for trace in real:
            own = {trace.participant_id.id}
            addresses = [address for address in addresses_by_trace[trace.id] if address]
            if addresses and all(reached[address] - own for address in addresses):
                duplicates += trace
            else:
                for address in addresses:
                    reached[address] |= own
        return duplicates
