from odoo import api, fields, models
from odoo.tools import SQL

from ..fields import Many2oneNoConstraint


class MarketingEntryRequest(models.Model):
    """What a transaction of somebody else asks of a campaign: to add a record, or to remove it.

    Such a transaction is somebody's save, to which an automation rule answers, or the step of another campaign. So
    writing a request is a bare INSERT, as that of a ``marketing.trace.event`` is: nothing waits for a lock or meets a
    conflict. The engine does what was asked, in that order, and deletes the request in the same transaction.
    """

    _name = "marketing.entry.request"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Entry Request"
    _order = "id"
    _rec_name = "operation"
    _log_access = False

    campaign_id = Many2oneNoConstraint("marketing.campaign", string="Campaign", required=True, readonly=True)
    res_id = fields.Integer(
        string="Record ID",
        required=True,
        readonly=True,
        help="Of the target; where an entry asks, of what happened to whom: the entry tells who enters for it.",
    )
    operation = fields.Selection([("add", "Add"), ("remove", "Remove")], required=True, readonly=True)
    source = fields.Char(readonly=True, help="Of who is added: a source of participants.")
    date = fields.Datetime(required=True, readonly=True)
    entry_id = Many2oneNoConstraint("marketing.entry", string="Who Enters", readonly=True)
    model_name = fields.Char(string="Model", readonly=True, help="Of the record, where it is not of the target.")
    transaction_key = fields.Char(
        string="Transaction",
        readonly=True,
        help="Of what an entry asks: in which transaction it happened. What happens twice in one is one event.",
    )

    # The engine's read: what is asked of a campaign, in order.
    _to_take = models.Index("(campaign_id, id)")
    # Nobody waits for it: another transaction has another key.
    _once_a_transaction = models.UniqueIndex("(entry_id, res_id, transaction_key) WHERE entry_id IS NOT NULL")

    @api.model
    @api.private
    def request(self, operation, campaign, res_ids, source=None):
        """Ask a campaign to add records or to remove them; the engine is woken once this transaction is committed.

        A campaign that does not run is asked for nothing.

        :param str operation: ``add`` or ``remove``
        :param campaign: the marketing.campaign
        :param list res_ids: ids of records of its target
        :param str source: of those that are added
        """
        if not res_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_entry_request (campaign_id, res_id, operation, source, date)
                SELECT c.id, r.res_id, %s, %s, %s
                  FROM unnest(%s::int[]) WITH ORDINALITY AS r (res_id, position)
                  JOIN marketing_campaign c ON c.id = %s AND c.state = 'running'
              ORDER BY r.position
                """,
                operation,
                source,
                fields.Datetime.now(),
                list(res_ids),
                campaign.id,
            )
        )
        if self.env.cr.rowcount:
            self.env["marketing.campaign"]._get_execution_crons()._trigger_after_commit()

    @api.model
    @api.private
    def _follow_merge(self, model_name, source_ids, target_id):
        """Have what is asked of merged records be asked of the one that survives, in its order.

        :param str model_name: model of the records
        :param list source_ids: ids of those that go
        :param int target_id: id of the one that stays
        """
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_entry_request q SET res_id = %s, transaction_key = NULL
                  FROM marketing_campaign c
                 WHERE c.id = q.campaign_id AND COALESCE(q.model_name, c.model_name) = %s AND q.res_id = ANY(%s)
             RETURNING q.id
                """,
                target_id,
                model_name,
                list(source_ids),
            )
        )
        self.invalidate_model(["res_id"])

    @api.model
    @api.private
    def request_events(self, model_name, events, source="event"):
        """Ask campaigns to add who is concerned by what has just happened: one INSERT for all of it.

        What an entry was told of in this transaction already is not asked for again. A campaign that does not run is
        asked for nothing.

        :param str model_name: of the records
        :param list events: (id of the marketing.campaign, of its marketing.entry, of the record to which it happened)
        :param str source: of those that are added
        """
        if not events:
            return
        campaign_ids, entry_ids, res_ids = zip(*events, strict=True)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_entry_request
                       (campaign_id, entry_id, model_name, res_id, operation, source, date, transaction_key)
                SELECT c.id, e.entry_id, %s, e.res_id, 'add', %s, %s, pg_current_xact_id()::text
                  FROM unnest(%s::int[], %s::int[], %s::int[]) WITH ORDINALITY
                       AS e (campaign_id, entry_id, res_id, position)
                  JOIN marketing_campaign c ON c.id = e.campaign_id AND c.state = 'running'
              ORDER BY e.position
           ON CONFLICT DO NOTHING
                """,
                model_name,
                source,
                fields.Datetime.now(),
                list(campaign_ids),
                list(entry_ids),
                list(res_ids),
            )
        )
        if self.env.cr.rowcount:
            self.env["marketing.campaign"]._get_execution_crons()._trigger_after_commit()
