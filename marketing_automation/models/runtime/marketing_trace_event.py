from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.context import queue_run
from ...engine.events import KINDS
from ..fields import Many2oneNoConstraint


class MarketingTraceEvent(models.Model):
    """What happened to a message of a campaign: append-only.

    Rows are written by hooks that run inside transactions of others (a mail that the
    server has just accepted, a reply being fetched), so writing one is a bare INSERT:
    nothing that can wait for a lock, meet a conflict or fail on a contended row. What it
    means for the workflow is worked out later, by the engine.
    """

    _name = "marketing.trace.event"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Event"
    _order = "date desc, id desc"
    _rec_name = "event"
    _log_access = False

    trace_id = Many2oneNoConstraint("marketing.trace", string="Trace", required=True, index=True, readonly=True)
    event = fields.Selection(
        [
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("open", "Opened"),
            ("click", "Clicked"),
            ("reply", "Replied"),
            ("bounce", "Bounced"),
            ("complaint", "Complained"),
            ("unsubscribe", "Unsubscribed"),
            ("auto_answer", "Automatic Answer"),
            ("blocked", "No Longer to be Mailed"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Datetime(required=True, readonly=True)
    mailing_trace_id = Many2oneNoConstraint("mailing.trace", string="Mailing Trace", readonly=True)
    source = fields.Char(readonly=True, help="Where the event was seen: the mail server, the open pixel, a link …")
    bounce_type = fields.Selection(
        [("hard", "Hard"), ("soft", "Soft")],
        readonly=True,
        help="Hard: the address is wrong. Soft: the mailbox is full, the message too big, its server out of order …",
    )
    origin = fields.Selection(
        [("person", "Person"), ("machine", "Machine")],
        readonly=True,
        help="Who opened or clicked. A machine is a proxy that fetches pictures, or a scanner that follows links.",
    )
    link_id = Many2oneNoConstraint("link.tracker", string="Link", readonly=True, help="Of a click: which link.")
    reason = fields.Char(readonly=True, help="What decided: a header, a code, an agent.")
    doubt_until = fields.Datetime(
        readonly=True,
        help=(
            "An open or a click right after the delivery may come from a scanner. Until this moment it counts as a "
            "machine's, afterwards as a person's, unless it turned out to be a machine's."
        ),
    )
    # Copied from the trace, so that counting and consuming need no join.
    campaign_id = Many2oneNoConstraint("marketing.campaign", string="Campaign", readonly=True)
    activity_id = Many2oneNoConstraint("marketing.activity", string="Activity", readonly=True)
    participant_id = Many2oneNoConstraint("marketing.participant", string="Participant", readonly=True)
    is_test = fields.Boolean(readonly=True)
    consumed = fields.Boolean(readonly=True, help="Whether the workflow has taken the event into account.")

    # The engine's read: whose events are new, by campaign.
    _to_consume = models.Index("(campaign_id, participant_id) WHERE consumed IS NOT TRUE")
    # People's clicks, by link.
    _people_clicks = models.Index(
        "(activity_id, link_id, trace_id) WHERE event = 'click' AND is_test IS NOT TRUE"
        " AND origin IS DISTINCT FROM 'machine'"
    )
    _to_release = models.Index("(doubt_until) WHERE doubt_until IS NOT NULL")

    @api.model
    def _get_kinds(self):
        """Extension point: what each event says of the steps below; its label is a choice of ``event``.

        :rtype: dict[str, odoo.addons.marketing_automation.engine.events.EventKind]
        """
        return KINDS

    @api.model
    def _get_names_of_no_facts(self):
        return [name for name, kind in self._get_kinds().items() if not kind.is_fact]

    @api.model
    @api.private
    def record_events(
        self,
        event,
        trace_ids,
        source,
        mailing_trace_ids=None,
        date=None,
        bounce_type=None,
        origin=None,
        reason=None,
        doubt_until=None,
        link_id=None,
    ):
        """Append an event to traces, and wake the engine once this transaction is committed.

        :param str event: one of the names of :meth:`_get_kinds`
        :param list trace_ids: ids of marketing.trace; one that no longer exists is ignored
        :param str source: where it was seen
        :param list mailing_trace_ids: the mailing.trace of each, if there is one
        :param datetime date: when it happened (UTC); now by default
        :param bounce_type: of a bounce: ``hard`` or ``soft``
        :param origin: of an open or a click: ``person`` or ``machine``
        :param reason: what decided
        :param datetime doubt_until: until when (UTC) a person's may turn out to be a machine's; not for tests, whose
            user waits for what follows
        :param link_id: of a click: id of the link.tracker
        """
        if not trace_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_trace_event
                       (trace_id, event, date, mailing_trace_id, source,
                        bounce_type, origin, reason, doubt_until, link_id,
                        campaign_id, activity_id, participant_id, is_test, consumed, counted_as)
                SELECT t.id, %(event)s, %(date)s, r.mailing_trace_id, %(source)s,
                       %(bounce_type)s,
                       CASE WHEN doubt.until IS NULL THEN %(origin)s ELSE 'machine' END, %(reason)s, doubt.until,
                       %(link)s,
                       t.campaign_id, t.activity_id, t.participant_id, t.is_test, FALSE,
                       CASE WHEN t.is_test OR %(event)s IN ('sent', 'failed') THEN 'no' ELSE 'new' END
                  FROM unnest(%(trace_ids)s::int[], %(mailing_trace_ids)s::int[]) AS r (trace_id, mailing_trace_id)
                  JOIN marketing_trace t ON t.id = r.trace_id
            CROSS JOIN LATERAL (
                       SELECT CASE WHEN t.is_test IS NOT TRUE THEN %(doubt_until)s::timestamp END) AS doubt (until)
                """,
                event=event,
                date=date or fields.Datetime.now(),
                source=source,
                bounce_type=bounce_type,
                origin=origin,
                reason=reason and reason.replace("\0", " ")[:500],
                doubt_until=doubt_until,
                link=link_id,
                trace_ids=list(trace_ids),
                mailing_trace_ids=list(mailing_trace_ids or [None] * len(trace_ids)),
            )
        )
        queue = queue_run(self.env)
        if not queue or queue.is_time_to_wake():
            self.env["marketing.campaign"]._get_execution_crons()._trigger_after_commit()

    @api.model
    @api.private
    def _settle_doubts(self, now):
        """Have what nothing has shown to be a machine's be a person's, which the workflow takes into account then.

        :param datetime now: UTC
        """
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace_event SET origin = 'person', doubt_until = NULL, consumed = FALSE,
                       counted_as = 'new'
                 WHERE id IN (SELECT id FROM marketing_trace_event WHERE doubt_until <= %s
                                 FOR NO KEY UPDATE SKIP LOCKED)
             RETURNING id
                """,
                now,
            )
        )
