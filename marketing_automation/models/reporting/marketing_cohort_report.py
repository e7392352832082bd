from odoo import api, fields, models
from odoo.tools import SQL

WEEKS = (1, 2, 4, 8)  # after the entry


class MarketingCohortReport(models.Model):
    """Participants by when they entered, and what became of them.

    One row for each participant: a campaign of ten million is read as a whole, by its index, when the report is opened.
    """

    _name = "marketing.cohort.report"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Cohorts"
    _auto = False
    _order = "date_start desc, id desc"
    _rec_name = "participant_id"
    _depends = {"marketing.participant": ["campaign_id", "state", "date_start", "goal_date", "source", "is_test"]}

    campaign_id = fields.Many2one("marketing.campaign", readonly=True)
    participant_id = fields.Many2one("marketing.participant", readonly=True)
    date_start = fields.Datetime(string="Entered on", readonly=True)
    source = fields.Selection(
        selection=lambda self: self.env["marketing.participant"]._selection_source(),
        readonly=True,
        help="How the record came into the campaign.",
    )
    entered = fields.Integer(readonly=True)
    inside = fields.Integer(string="Still Inside", readonly=True)
    completed = fields.Integer(readonly=True)
    removed = fields.Integer(readonly=True)
    converted = fields.Integer(string="Conversions", readonly=True, help="Those who have reached the goal by now.")
    converted_1 = fields.Integer(string="Conversions in 1 Week", readonly=True)
    converted_2 = fields.Integer(string="Conversions in 2 Weeks", readonly=True)
    converted_4 = fields.Integer(string="Conversions in 4 Weeks", readonly=True)
    converted_8 = fields.Integer(string="Conversions in 8 Weeks", readonly=True)
    conversion_rate = fields.Float(readonly=True, aggregator="avg", help="Conversions of all who entered.")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT id, campaign_id, id AS participant_id, date_start, source, 1 AS entered,
                   (state = 'running')::int AS inside, (state = 'completed')::int AS completed,
                   (state = 'unlinked')::int AS removed, (goal_date IS NOT NULL)::int AS converted, %s,
                   (goal_date IS NOT NULL)::int::float AS conversion_rate
              FROM marketing_participant WHERE is_test IS NOT TRUE
            """,
            SQL(", ").join(
                SQL(
                    "COALESCE(goal_date < date_start + make_interval(weeks => %s), FALSE)::int AS %s",
                    weeks,
                    SQL.identifier(f"converted_{weeks}"),
                )
                for weeks in WEEKS
            ),
        )

    @api.readonly
    def action_open_participant(self):
        self.ensure_one()
        return self.participant_id.get_formview_action()
