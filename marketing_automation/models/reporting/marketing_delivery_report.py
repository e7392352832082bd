from odoo import api, fields, models
from odoo.tools import SQL

EVENTS = {
    "opened": "open",
    "clicked": "click",
    "replied": "reply",
    "bounced": "bounce",
    "complained": "complaint",
    "unsubscribed": "unsubscribe",
}


class MarketingDeliveryReport(models.Model):
    """What became of the messages that were sent, by the domain of the recipient's address.

    Counters know no addresses: each message of the campaign is read, with its events, when the report is opened.
    """

    _name = "marketing.delivery.report"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Deliverability"
    _auto = False
    _order = "sent_date desc, id desc"
    _rec_name = "activity_id"
    _depends = {
        "marketing.campaign": ["count_machine_opens"],
        "marketing.trace": ["campaign_id", "activity_id", "participant_id", "sent_date", "is_test"],
        "marketing.trace.event": ["campaign_id", "trace_id", "event", "origin"],
        "mailing.trace": ["marketing_trace_id", "email"],
    }

    campaign_id = fields.Many2one("marketing.campaign", readonly=True)
    activity_id = fields.Many2one("marketing.activity", readonly=True)
    participant_id = fields.Many2one("marketing.participant", readonly=True)
    email_domain = fields.Char(
        string="Recipient's Domain", readonly=True, help="What follows the @ in the address that the message went to."
    )
    sent_date = fields.Datetime(string="Sent on", readonly=True)
    sent = fields.Integer(readonly=True)
    opened = fields.Integer(readonly=True)
    clicked = fields.Integer(readonly=True)
    replied = fields.Integer(readonly=True)
    bounced = fields.Integer(readonly=True)
    complained = fields.Integer(string="Complaints", readonly=True, help="Called spam.")
    unsubscribed = fields.Integer(readonly=True)
    open_rate = fields.Float(string="Opened (%)", readonly=True, aggregator="avg", help="Opened of sent.")
    bounce_rate = fields.Float(string="Bounced (%)", readonly=True, aggregator="avg", help="Bounced of sent.")
    complaint_rate = fields.Float(string="Complaints (%)", readonly=True, aggregator="avg", help="Complaints of sent.")

    @property
    def _table_query(self):
        # By the index of an activity's steps, and those of their messages and events. A retry has several messages of
        # one step: the last one tells where it went.
        has = {
            name: SQL(
                "bool_or(e.event = %s AND (%s e.origin IS DISTINCT FROM 'machine'))",
                event,
                SQL("c.count_machine_opens OR") if event == "open" else SQL(),
            )
            for name, event in EVENTS.items()
        }
        return SQL(
            """
            SELECT t.id, a.campaign_id, a.id AS activity_id, t.participant_id, t.sent_date, 1 AS sent,
                   lower(split_part(m.email, '@', 2)) AS email_domain, %s,
                   COALESCE(e.opened, FALSE)::int::float AS open_rate,
                   COALESCE(e.bounced, FALSE)::int::float AS bounce_rate,
                   COALESCE(e.complained, FALSE)::int::float AS complaint_rate
              FROM marketing_activity a
              JOIN marketing_campaign c ON c.id = a.campaign_id
              JOIN marketing_trace t ON t.activity_id = a.id AND t.is_test IS NOT TRUE AND t.sent_date IS NOT NULL
        CROSS JOIN LATERAL (SELECT email FROM mailing_trace WHERE marketing_trace_id = t.id
                          ORDER BY id DESC LIMIT 1) AS m
        CROSS JOIN LATERAL (SELECT %s FROM marketing_trace_event e WHERE e.trace_id = t.id) AS e
             WHERE m.email LIKE '%%@%%'
            """,
            SQL(", ").join(SQL("COALESCE(e.%s, FALSE)::int AS %s", *[SQL.identifier(name)] * 2) for name in has),
            SQL(", ").join(SQL("%s AS %s", condition, SQL.identifier(name)) for name, condition in has.items()),
        )

    @api.readonly
    def action_open_participant(self):
        self.ensure_one()
        return self.participant_id.get_formview_action()
