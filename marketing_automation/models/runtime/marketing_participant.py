import json

from odoo import _, api, fields, models
from odoo.exceptions import LockError
from odoo.tools import SQL

from ...engine.context import test_run

# The last passage of its record, of a participant "p": those before it are history.
IS_LAST_RUN = SQL("p.is_past_run IS NULL")
STATES = [("running", "Running"), ("completed", "Completed"), ("unlinked", "Removed")]


class MarketingParticipant(models.Model):
    """One record engaged by one campaign."""

    _name = "marketing.participant"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Participant"
    _order = "id desc"
    _rec_name = "id"

    campaign_id = fields.Many2one("marketing.campaign", required=True, readonly=True, ondelete="cascade")
    model_name = fields.Char(string="Target", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record ID", model_field="model_name", required=True, readonly=True)
    resource_ref = fields.Reference(
        selection="_selection_target_model", string="Record", compute="_compute_resource_ref", readonly=True
    )
    run = fields.Integer(
        string="Passage",
        default=1,
        required=True,
        readonly=True,
        aggregator=None,
        help="Which passage of the record this is; of a campaign with unicity, of those that share its value.",
    )
    is_past_run = fields.Boolean(
        string="Earlier Passage", readonly=True, help="The record has entered once more since."
    )
    outside_date = fields.Datetime(
        string="Outside since", readonly=True, help="When the record was first seen outside of the filter since then."
    )
    state = fields.Selection(STATES, default="running", required=True, readonly=True)
    is_test = fields.Boolean(string="Test", readonly=True, default=False)
    unicity_key = fields.Char(
        readonly=True, groups=fields.NO_ACCESS, help="A hash of the value by which they are unique."
    )
    source = fields.Selection(
        selection="_selection_source",
        default="filter",
        required=True,
        readonly=True,
        help="How the record came into the campaign.",
    )
    date_start = fields.Datetime(string="Enrolled on", required=True, readonly=True, default=fields.Datetime.now)
    date_end = fields.Datetime(string="Ended on", readonly=True)
    end_code = fields.Char(string="Reason code", readonly=True)
    end_params = fields.Json(readonly=True)
    end_reason = fields.Char(string="Reason", compute="_compute_end_reason")
    trace_ids = fields.One2many("marketing.trace", "participant_id", string="Traces", readonly=True)

    _record_uniq = models.UniqueIndex("(campaign_id, res_id, run) WHERE is_test IS NOT TRUE")
    _unicity_uniq = models.UniqueIndex(
        "(campaign_id, unicity_key, run) WHERE is_test IS NOT TRUE AND unicity_key IS NOT NULL"
    )
    # The counts of the campaign: index only; and whose last passage is over.
    _by_state = models.Index("(campaign_id, state, is_past_run, is_test)")
    _by_record = models.Index("(model_name, res_id)")

    @api.model
    def _selection_source(self):
        """Return the types of entries, and what else brings people in."""
        others = {
            "hand": _("By hand"),
            "action": _("Server action"),
            "step": _("Step of a campaign"),
            "test": _("Test"),
        }
        return [*self.env["marketing.entry"]._get_sources(), *others.items()]

    @api.model
    def _selection_target_model(self):
        models_sudo = self.env["ir.model"].sudo().search_fetch([("is_marketing_target", "=", True)], ["model", "name"])
        return [(model.model, model.name) for model in models_sudo]

    @api.depends("model_name", "res_id")
    def _compute_resource_ref(self):
        for model_name, participants in self.grouped("model_name").items():
            if model_name not in self.env:
                participants.resource_ref = False
                continue
            records = self.env[model_name].browse(participants.mapped("res_id"))
            existing = set(records.exists().ids)
            for participant in participants:
                found = participant.res_id in existing
                participant.resource_ref = f"{model_name},{participant.res_id}" if found else False

    @api.depends("model_name", "res_id", "campaign_id.name")
    @api.depends_context("marketing_of_record", "uid", "allowed_company_ids")
    def _compute_display_name(self):
        """The record's name, as far as the reader may see it; a deleted record has none.

        Where the record is known, as on the way from its form, the campaign's name.
        """
        if self.env.context.get("marketing_of_record"):
            for participant in self:
                participant.display_name = participant.campaign_id.name
            return
        for model_name, participants in self.grouped("model_name").items():
            names = {}
            # who reads what links to a participant gets its name with every right
            env = self.env if self.env.user._is_superuser() else self.sudo(False).env
            if model_name in env and env[model_name].has_access("read"):
                records = env[model_name].browse(participants.mapped("res_id")).exists()
                records = records._filtered_access("read")
                names = {record.id: record.display_name for record in records}
            for participant in participants:
                name = names.get(participant.res_id)
                participant.display_name = name or _("Record %(id)s", id=participant.res_id)

    @api.depends("end_code", "end_params")
    @api.depends_context("lang")
    def _compute_end_reason(self):
        traces = self.env["marketing.trace"]
        for participant in self:
            participant.end_reason = traces._get_end_words(participant.end_code, participant.end_params)

    def action_remove(self):
        """Take these participants out of their campaigns; what they have done stays.

        :raise AccessError: for a user who may not write the campaigns
        """
        self.campaign_id.check_access("write")
        self.sudo()._lock()
        self.sudo()._remove("removed_by_hand", fields.Datetime.now())

    @api.private
    def _lock(self):
        """Wait for these participants' rows: who holds them alone writes their traces."""
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                _("The campaign, or somebody else, works on these participants right now: try again in a moment.")
            ) from error

    @api.private
    def _remove(self, code, now):
        """Make these participants Removed, for a reason, and cancel what they waited for.

        :param str code: one of the keys of ``marketing.trace._get_end_reasons``
        :param datetime now: UTC
        """
        if not self:
            return
        self._write_end("unlinked", code, None, now)
        if code == "record_deleted":  # by whatever way: a cascade of the database calls no unlink
            self._forget()

    @api.private
    def _end(self, code, params, now):
        """Make these participants Completed for good, for a reason, and cancel what they waited for.

        Unlike who has completed the workflow since nothing is left to do, they go on with nothing that happens later.

        :param str code: one of the keys of ``marketing.trace._get_end_reasons``
        :param dict params: its ``detail``, or None
        :param datetime now: UTC
        """
        if self:
            self._write_end("completed", code, params, now)

    def _write_end(self, state, code, params, now):
        params = params and json.dumps(params)
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_participant SET state = %s, end_code = %s, end_params = %s::jsonb, date_end = %s
                 WHERE id = ANY(%s) AND state != 'unlinked' RETURNING id
                """,
                state,
                code,
                params,
                now,
                self.ids,
            )
        )
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace
                   SET state = CASE WHEN state = 'scheduled' THEN 'canceled' ELSE state END,
                       done_date = CASE WHEN state = 'scheduled' THEN %s ELSE done_date END,
                       end_code = CASE WHEN state = 'scheduled' THEN %s ELSE end_code END,
                       end_params = CASE WHEN state = 'scheduled' THEN %s::jsonb ELSE end_params END,
                       wait_until = NULL
                 WHERE participant_id = ANY(%s) AND (state = 'scheduled' OR wait_until IS NOT NULL) RETURNING id
                """,
                now,
                code,
                params,
                self.ids,
            )
        )
        self.env.invalidate_all()

    @api.private
    def _refresh_state(self, now, awaiting_steps, busy=()):
        """Set Running or Completed from what is left to do, set-based, for locked participants.

        The rows are written even when nothing changes: a transaction whose snapshot is older
        then fails on them and starts again, instead of deciding on stale traces.

        :param datetime now: UTC
        :param list awaiting_steps: see ``marketing.campaign._get_awaiting_steps``
        :param busy: ids of those of whom is known that something is scheduled
        """
        if not self:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_participant p
                   SET (state, date_end) =
                       (SELECT CASE WHEN busy.yes THEN 'running' ELSE 'completed' END,
                               CASE WHEN busy.yes THEN NULL ELSE COALESCE(p.date_end, %(now)s) END
                          FROM (SELECT p.id = ANY(%(busy)s) OR EXISTS (
                               SELECT 1 FROM marketing_trace t
                                WHERE t.participant_id = p.id
                                  AND (t.state = 'scheduled' OR t.wait_until >= %(now)s OR (%(awaits)s))) AS yes) busy)
                 WHERE p.id = ANY(%(ids)s) AND p.state != 'unlinked' AND p.end_code IS NULL
             RETURNING p.id
                """,
                now=now,
                busy=list(busy),
                awaits=self._prepare_awaits(awaiting_steps),
                ids=self.ids,
            )
        )
        self.env.invalidate_all()
        if test_run(self.env):
            self._keep_tests_running(now)

    @api.model
    def _prepare_awaits(self, awaiting_steps):
        """Return as SQL whether a trace "t" is a message whose acceptance a step awaits."""
        if not awaiting_steps:
            return SQL("FALSE")
        awaited, waiting, ending = map(list, zip(*awaiting_steps, strict=True))
        return SQL(
            """
            t.state = 'processed' AND t.sent_date IS NULL AND EXISTS (
            SELECT 1 FROM unnest(%(awaited)s::int[], %(waiting)s::int[], %(ending)s::text[]) AS w (id, step, event)
             WHERE w.id = t.activity_id
               AND NOT EXISTS (SELECT 1 FROM marketing_trace c
                                WHERE c.participant_id = t.participant_id
                                  AND c.activity_id = w.step AND c.visit = t.visit)
               -- of an attempt before this one: it ended the wait
               AND NOT EXISTS (SELECT 1 FROM marketing_trace_event e
                                WHERE e.trace_id = t.id AND e.consumed AND e.event IN
                                      ('bounce', 'complaint', w.event)))
            """,
            awaited=awaited,
            waiting=waiting,
            ending=ending,
        )
