"""What is looked for at each enrolment, since Odoo tells nobody: every few minutes, nothing missed or counted twice.

Odoo writes page views and some subscriptions past its models, and nothing happens when a cart is left. Each look goes
over the last day again, so that what was committed late is seen; the participant's ``entry_key`` keeps anybody from
entering twice for it.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.marketing_automation.models.entry.due import LOOK_BACK


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    settled_id = fields.Integer(
        string="Looked For to the End",
        readonly=True,
        copy=False,
        help="What has an id up to it is not looked for any more.",
    )
    seen_id = fields.Integer(string="Looked For", readonly=True, copy=False)
    seen_date = fields.Datetime(string="Looked For On", readonly=True, copy=False)

    @api.model
    def _get_occurrences(self, campaign, running, keys):
        """Return for which occurrence each record of the target enters that has not entered for it, or a later one.

        :param dict keys: what happened, as texts that are greater where it happened later, by the record to which
        :rtype: dict[int, str]
        """
        occurrences = {}
        if keys:
            kind = self._get_kinds()[running.settings["kind"]]
            records = next(iter(keys)).browse(record.id for record in keys)
            ways = self._get_ways(kind, running.settings, campaign._get_target())
            by_id = {record.id: key for record, key in keys.items()}
            for event_id, res_id in self._follow_ways(ways, records, campaign).items():
                occurrences[res_id] = max(by_id[event_id], occurrences.get(res_id, ""))
        return self.browse(running.id or [])._leave_out_earlier(occurrences)

    def _leave_out_earlier(self, occurrences):
        if not occurrences:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT res_id, max(entry_key COLLATE "C") FROM marketing_participant
                 WHERE entry_id = %s AND res_id = ANY(%s) AND entry_key IS NOT NULL GROUP BY res_id
                """,
                self.id,
                list(occurrences),
            )
        )
        known = dict(rows)
        return {res_id: key for res_id, key in occurrences.items() if key > known.get(res_id, "")}

    def _settle(self, table, now):
        """Return up to which id nothing is looked for any more: what has one for a day is committed.

        :param str table: with these ids
        :param datetime now: UTC
        """
        self.ensure_one()
        if not self.seen_date or not timedelta(0) <= now - self.seen_date < LOOK_BACK:
            [[highest_id]] = self.env.execute_query(
                SQL("SELECT COALESCE(max(id), 0) FROM %s", SQL.identifier(table))  # whoever may read them
            )
            settled_id = self.seen_id if self.seen_date else highest_id
            self.write({"settled_id": settled_id, "seen_id": highest_id, "seen_date": now})
        return self.settled_id
