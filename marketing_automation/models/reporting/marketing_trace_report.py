from odoo import _, api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..counters.triggers import TOTAL
from ..runtime.marketing_trace import STATES

COUNTED_KEY = "marketing_automation_counted"
COUNTED = object()  # whoever calls over RPC chooses the context, but cannot have this in it
# By these and no others the engine counts steps.
COUNTED_BY = {"campaign_id", "activity_id", "state", "is_test"}


class MarketingTraceReport(models.Model):
    """Traces as reports count them: those that are kept, and the figures of those that retention has summed up."""

    _name = "marketing.trace.report"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Trace Report"
    _auto = False
    _order = "schedule_date desc, id desc"
    _rec_name = "activity_id"
    _depends = {
        "marketing.trace": [
            *("campaign_id", "activity_id", "participant_id", "state", "schedule_date", "done_date", "sent_date"),
            "is_test",
        ],
        "marketing.trace.figure": ["campaign_id", "activity_id", "metric", "date", "number"],
    }

    trace_id = fields.Many2one("marketing.trace", readonly=True)
    campaign_id = fields.Many2one("marketing.campaign", readonly=True)
    activity_id = fields.Many2one("marketing.activity", readonly=True)
    participant_id = fields.Many2one(
        "marketing.participant", readonly=True, help="Nobody in particular where only the number is kept."
    )
    state = fields.Selection(STATES, readonly=True)
    state_msg = fields.Char(related="trace_id.state_msg")
    schedule_date = fields.Datetime(string="Scheduled on", readonly=True)
    done_date = fields.Datetime(string="Done on", readonly=True)
    sent_date = fields.Datetime(string="Sent on", readonly=True)
    is_test = fields.Boolean(string="Test", readonly=True)
    number = fields.Integer(string="Traces", readonly=True, help="For how many participants.")

    @property
    def _table_query(self):
        """Figures have the negative of their id, so that both kinds are found by index."""
        if self.env.context.get(COUNTED_KEY) is COUNTED:
            return self._get_counted_query()
        return SQL(
            """
            SELECT id, id AS trace_id, campaign_id, activity_id, participant_id, state, schedule_date, done_date,
                   sent_date, is_test, 1 AS number
              FROM marketing_trace
             UNION ALL
            SELECT -id, NULL, campaign_id, activity_id, NULL, metric, date, date, NULL, FALSE, number
              FROM marketing_trace_figure WHERE metric IN %s
            """,
            tuple(state for state, _label in STATES),
        )

    def _get_counted_query(self):
        """Return the query of what the engine counts, for what needs no more of each step than these numbers."""
        states = [state for state, _label in STATES]
        return SQL(
            """
            SELECT 0 AS id, campaign_id, activity_id, state, is_test, number, number AS lines FROM (
                   SELECT campaign_id, activity_id, replace(metric, 'test_', '') AS state,
                          metric LIKE 'test%%' AS is_test, sum(number)::int AS number
                     FROM marketing_counter
                    WHERE date = %(total)s AND activity_id != 0 AND metric = ANY(%(metrics)s)
                 GROUP BY 1, 2, 3, 4) AS kept WHERE number != 0
             UNION ALL
            SELECT 0, campaign_id, activity_id, metric, FALSE, number, 1
              FROM marketing_trace_figure WHERE metric = ANY(%(states)s)
            """,
            total=TOTAL,
            metrics=[*states, *(f"test_{state}" for state in states)],
            states=states,
        )

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None):
        """Sum the engine's counters instead of all steps, where the question can be answered so."""
        question = (domain, groupby, aggregates, having, offset, limit, order)
        if not self._is_counted(*question[:3]):
            return super()._read_group(*question)
        for name in self._depends:
            self.env[name].flush_model()
        counted = self.with_context(**{COUNTED_KEY: COUNTED})
        rows = super(MarketingTraceReport, counted)._read_group(*question)
        return [
            tuple(value.with_env(self.env) if isinstance(value, models.BaseModel) else value for value in row)
            for row in rows
        ]

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec == "__count" and self.env.context.get(COUNTED_KEY) is COUNTED:
            return SQL("COALESCE(SUM(%s), 0)::int", SQL.identifier(self._table, "lines"))
        return super()._read_group_select(aggregate_spec, query)

    @api.model
    def _is_counted(self, domain, groupby, aggregates):
        asked = {name.split(":")[0].split(".")[0] for name in groupby}
        asked |= {condition.field_expr.split(".")[0] for condition in Domain(domain).iter_conditions()}
        return asked <= COUNTED_BY and set(aggregates) <= {"__count", "number:sum"}

    @api.readonly
    def action_open_trace(self):
        """Open the trace, or say that only its number is left."""
        self.ensure_one()
        if self.trace_id:
            return self.trace_id.get_formview_action()
        message = _("These steps were summed up some months after their campaign was stopped: only numbers are kept.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": message, "type": "info"},
        }
