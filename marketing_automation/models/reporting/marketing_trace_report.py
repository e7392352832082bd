from odoo import _, api, fields, models
from odoo.tools import SQL

from ..runtime.marketing_trace import STATES


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
