"""Duplicates: an address that a step of the campaign has reached already."""

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.private
    def _find_duplicates(self, addresses_by_trace, column="email"):
        """Return the traces whose addresses all got this step through another record.

        Neither a test nor another attempt, visit or run of the same record makes a duplicate.

        :param dict addresses_by_trace: list of normalized addresses by trace id
        :param str column: where mailing.trace keeps the address; indexed after mass_mailing_id
        """
        real = self.filtered(lambda trace: not trace.is_test)
        wanted = sorted({address for trace in real for address in addresses_by_trace[trace.id] if address})
        if not wanted:
            return self.browse()
        mailings = [activity._get_running_step().template_id for activity in real.activity_id]
        reached = self._find_reached_records(mailings, wanted, column)
        duplicates = self.browse()
        for trace in real:
            own = {trace.res_id}
            addresses = [address for address in addresses_by_trace[trace.id] if address]
            if addresses and all(reached[address] - own for address in addresses):
                duplicates += trace
            else:
                for address in addresses:
                    reached[address] |= own
        return duplicates

    @api.model
    def _find_reached_records(self, mailing_ids, addresses, column="email"):
        """Return through which records addresses got these templates, or may have, tests left out.

        :param list mailing_ids: of the templates
        :param list addresses: normalized
        :param str column: where mailing.trace keeps the address
        :return: ids of records by address; of a trace that was summed up by retention the one that Odoo kept
        :rtype: dict[str, set[int]]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.%(column)s, array_agg(DISTINCT COALESCE(t.res_id, m.res_id))
                  FROM mailing_trace m LEFT JOIN marketing_trace t ON t.id = m.marketing_trace_id
                 WHERE m.mass_mailing_id = ANY(%(mailings)s) AND m.%(column)s = ANY(%(addresses)s) AND %(reached)s
              GROUP BY m.%(column)s
                """,
                column=SQL.identifier(column),
                mailings=mailing_ids,
                addresses=addresses,
                reached=self._get_reached_sql(),
            )
        )
        return defaultdict(set, {address: set(res_ids) for address, res_ids in rows})

    @api.model
    def _get_reached_sql(self):
        """Return the condition of the messages of campaigns, ``m``, that reached somebody or may have.

        Of their traces, ``t``, those of tests are left out.
        """
        return SQL(
            """m.marketing_trace_id IS NOT NULL AND m.trace_status != 'cancel' AND t.is_test IS NOT TRUE
               AND (m.trace_status != 'error' OR m.failure_type = ANY(%s))""",
            self._get_unknown_failures(),
        )

    # ------------------------------------------------------------
    # Duplicates of somebody who was not reached after all
    # ------------------------------------------------------------

    @api.model
    def _get_duplicate_columns(self):
        """Return where mailing.trace keeps the address of a duplicate, by the code with which its step ends.

        :rtype: dict[str, str]
        """
        types = self.env["marketing.activity"]._get_types().values()
        return {described.duplicate_code: described.address_column for described in types if described.mailing_type}

    @api.model
    def _find_unreached_duplicates(self, condition, refused=None):
        """Return the traces that ended as duplicates of messages which reached nobody after all.

        :param SQL condition: of these traces, ``d``
        :param refused: the traces of those messages; any by default
        """
        found = self.browse()
        self.env.flush_all()
        for code, column in self._get_duplicate_columns().items():
            addresses = SQL("TRUE")
            if refused is not None:
                addresses = SQL(
                    """own.%(column)s IN (
                           SELECT DISTINCT ON (f.marketing_trace_id) f.%(column)s FROM mailing_trace f
                            WHERE f.marketing_trace_id = ANY(%(ids)s) ORDER BY f.marketing_trace_id, f.id DESC)""",
                    column=SQL.identifier(column),
                    ids=refused.ids,
                )
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT d.id
                      FROM marketing_trace d
                      JOIN marketing_participant p ON p.id = d.participant_id
                     CROSS JOIN LATERAL (
                           SELECT l.mass_mailing_id, l.%(column)s FROM mailing_trace l
                            WHERE l.marketing_trace_id = d.id ORDER BY l.id DESC LIMIT 1) own
                     WHERE %(condition)s AND d.state = 'canceled' AND d.end_code = %(code)s
                       AND d.is_test IS NOT TRUE AND p.state != 'unlinked' AND p.end_code IS NULL
                       AND own.%(column)s IS NOT NULL
                       AND NOT EXISTS (
                           SELECT 1 FROM mailing_trace m LEFT JOIN marketing_trace t ON t.id = m.marketing_trace_id
                            WHERE m.mass_mailing_id = own.mass_mailing_id AND m.%(column)s = own.%(column)s
                              AND COALESCE(t.res_id, m.res_id) != d.res_id AND %(reached)s)
                       AND %(addresses)s
                  ORDER BY d.id
                    """,
                    column=SQL.identifier(column),
                    condition=condition,
                    code=code,
                    reached=self._get_reached_sql(),
                    addresses=addresses,
                )
            )
            found += self.browse(trace_id for (trace_id,) in rows)
        return found
