from odoo import api, fields, models
from odoo.tools import SQL

from ..counters.triggers import TOTAL

# What is counted, by the name of its column.
METRICS = {
    "processed": ["processed"],
    "rejected": ["rejected"],
    "failed": ["error"],
    "sent": ["sent"],
    "opened": ["open"],
    "clicked": ["click"],
    "replied": ["reply"],
    "bounced": ["bounce"],
    "complained": ["complaint"],
    "unsubscribed": ["unsubscribe"],
}
OF_PARTICIPANTS = {"entered": ["running", "completed", "unlinked"], "completed": ["completed"], "converted": ["goal"]}
# Of how many each share is one.
RATES = {
    "conversion_rate": ("converted", "entered"),
    "open_rate": ("opened", "sent"),
    "click_rate": ("clicked", "sent"),
    "reply_rate": ("replied", "sent"),
    "bounce_rate": ("bounced", "sent"),
    "complaint_rate": ("complained", "sent"),
    "unsubscribe_rate": ("unsubscribed", "sent"),
}


class MarketingStepReport(models.Model):
    """The numbers of campaigns and of their steps, from the engine's counters: fast, however many traces there are.

    One row for each step, and one for the participants of each campaign, which has no step and a negative id.
    """

    _name = "marketing.step.report"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Results"
    _auto = False
    _order = "campaign_id, id"
    _rec_name = "activity_id"
    _depends = {
        "marketing.campaign": ["count_machine_opens"],
        "marketing.participant": ["campaign_id", "state", "goal_date", "is_test"],
        "marketing.trace": ["campaign_id", "activity_id", "state", "sent_date", "is_test"],
        "marketing.trace.event": ["campaign_id", "activity_id", "event", "origin", "is_test"],
        "marketing.trace.figure": ["campaign_id", "activity_id", "metric", "date", "number"],
    }

    campaign_id = fields.Many2one("marketing.campaign", readonly=True)
    activity_id = fields.Many2one("marketing.activity", readonly=True, help="None: the participants of the campaign.")
    entered = fields.Integer(readonly=True, help="How many are or were participants.")
    completed = fields.Integer(readonly=True, help="How many have finished.")
    converted = fields.Integer(string="Conversions", readonly=True, help="How many have reached the goal.")
    processed = fields.Integer(readonly=True, help="For how many the step ran.")
    rejected = fields.Integer(readonly=True, help="How many did not match the filter when the step was due.")
    failed = fields.Integer(readonly=True, help="For how many the step failed.")
    sent = fields.Integer(readonly=True, help="How many messages the server accepted.")
    opened = fields.Integer(readonly=True)
    clicked = fields.Integer(readonly=True)
    replied = fields.Integer(readonly=True)
    bounced = fields.Integer(readonly=True)
    complained = fields.Integer(string="Complaints", readonly=True, help="Called spam.")
    unsubscribed = fields.Integer(readonly=True)
    conversion_rate = fields.Float(readonly=True, aggregator="avg", help="Conversions of all who entered.")
    open_rate = fields.Float(string="Opened (%)", readonly=True, aggregator="avg", help="Opened of sent.")
    click_rate = fields.Float(string="Clicked (%)", readonly=True, aggregator="avg", help="Clicked of sent.")
    reply_rate = fields.Float(string="Replied (%)", readonly=True, aggregator="avg", help="Replied of sent.")
    bounce_rate = fields.Float(string="Bounced (%)", readonly=True, aggregator="avg", help="Bounced of sent.")
    complaint_rate = fields.Float(string="Complaints (%)", readonly=True, aggregator="avg", help="Complaints of sent.")
    unsubscribe_rate = fields.Float(
        string="Unsubscribed (%)", readonly=True, aggregator="avg", help="Unsubscribed of sent."
    )

    @property
    def _table_query(self):
        for name in self._depends:
            self.env[name].flush_model()
        # what the engine has not counted yet, of the campaigns that the reader may see
        campaigns = self.env["marketing.campaign"].search([("active", "in", (True, False))])
        columns = [
            *(self._sum_metrics(name, metrics, SQL("activity_id != 0")) for name, metrics in METRICS.items()),
            *(self._sum_metrics(name, metrics, SQL("activity_id = 0")) for name, metrics in OF_PARTICIPANTS.items()),
        ]
        rates = [
            SQL(
                "COALESCE(%s::float / NULLIF(%s, 0), 0) AS %s",
                SQL.identifier(part),
                SQL.identifier(whole),
                SQL.identifier(name),
            )
            for name, (part, whole) in RATES.items()
        ]
        return SQL(
            """
            SELECT *, %(rates)s FROM (
                   SELECT CASE WHEN n.activity_id = 0 THEN -n.campaign_id ELSE n.activity_id END AS id,
                          n.campaign_id, NULLIF(n.activity_id, 0) AS activity_id, %(columns)s
                     FROM (SELECT campaign_id, activity_id, metric, number FROM marketing_counter
                            WHERE date = %(total)s AND metric NOT LIKE 'test%%'
                            UNION ALL
                           SELECT campaign_id, activity_id, metric, number FROM marketing_trace_figure
                            UNION ALL
                           %(new)s) AS n
                     JOIN marketing_campaign c ON c.id = n.campaign_id
                 GROUP BY n.campaign_id, n.activity_id) AS summed
            """,
            rates=SQL(", ").join(rates),
            columns=SQL(", ").join(columns),
            total=TOTAL,
            new=campaigns._get_new_events_sql(),
        )

    @api.model
    def _sum_metrics(self, name, metrics, condition):
        is_counted = SQL("metric = ANY(%s)", metrics)
        if name == "opened":
            is_counted = SQL("(%s OR metric = 'machine_open' AND c.count_machine_opens)", is_counted)
        return SQL(
            "COALESCE(sum(number) FILTER (WHERE %s AND %s), 0)::int AS %s", condition, is_counted, SQL.identifier(name)
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """Compute the shares of a group from its sums: the mean of its steps' shares would be another number."""
        name = aggregate_spec.split(":")[0]
        if name in RATES and aggregate_spec.endswith(":avg"):
            part, whole = (SQL("SUM(%s)", SQL.identifier(self._table, column)) for column in RATES[name])
            return SQL("COALESCE(%s::float / NULLIF(%s, 0), 0)", part, whole)
        return super()._read_group_select(aggregate_spec, query)

    @api.readonly
    def action_view_records(self):
        """Open the participants for whom the step ran; of a campaign, all of them."""
        self.ensure_one()
        if self.activity_id:
            return self.activity_id.action_view_records("processed")
        return self.campaign_id.action_view_participants()
