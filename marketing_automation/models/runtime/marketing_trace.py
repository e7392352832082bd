from odoo import _, api, fields, models

STATES = [
    ("scheduled", "Scheduled"),
    ("processed", "Processed"),
    ("rejected", "Rejected"),
    ("canceled", "Cancelled"),
    ("error", "Error"),
]


class MarketingTrace(models.Model):
    """One activity for one participant. How it lives is told by ``runtime/__init__.py``."""

    _name = "marketing.trace"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Trace"
    _order = "schedule_date desc, id desc"
    _rec_name = "activity_id"

    participant_id = fields.Many2one("marketing.participant", required=True, readonly=True, ondelete="cascade")
    campaign_id = fields.Many2one("marketing.campaign", required=True, readonly=True, ondelete="cascade")
    activity_id = fields.Many2one("marketing.activity", required=True, readonly=True, ondelete="cascade")
    visit = fields.Integer(default=1, required=True, readonly=True, help="How often the participant came to this step.")
    res_id = fields.Integer(string="Record ID", required=True, readonly=True)
    state = fields.Selection(STATES, default="scheduled", required=True, readonly=True)
    schedule_date = fields.Datetime(string="Scheduled on", readonly=True)
    done_date = fields.Datetime(string="Done on", readonly=True)
    sent_date = fields.Datetime(string="Sent on", readonly=True, help="When the server accepted the message.")
    wait_until = fields.Datetime(readonly=True, help="Until this moment steps wait for an event of this message.")
    branch = fields.Char(readonly=True, help="Which branch the step has chosen, where its type chooses one.")
    attempt = fields.Integer(default=1, required=True, readonly=True)
    end_code = fields.Char(string="Reason code", readonly=True)
    end_params = fields.Json(readonly=True)
    state_msg = fields.Char(string="Reason", compute="_compute_state_msg")
    parent_id = fields.Many2one("marketing.trace", readonly=True, index="btree_not_null", ondelete="cascade")
    child_ids = fields.One2many("marketing.trace", "parent_id", string="Children", readonly=True)
    mailing_trace_ids = fields.One2many("mailing.trace", "marketing_trace_id", string="Messages", readonly=True)
    event_ids = fields.One2many("marketing.trace.event", "trace_id", string="Events", readonly=True)
    is_test = fields.Boolean(string="Test", readonly=True, default=False)
    executing = fields.Selection(
        [("inside", "In its transaction"), ("outside", "Outside of its transaction too")],
        string="Being Executed",
        readonly=True,
        copy=False,
        help=(
            "The step runs alone. This mark is committed first: if nobody works on the step any more, Odoo was "
            "interrupted."
        ),
    )

    # Never the same step twice for a participant.
    _step_uniq = models.UniqueIndex("(participant_id, activity_id, visit)")
    # What is due, by campaign and in due order; an idle run reads nothing else.
    _due = models.Index("(campaign_id, schedule_date, id) WHERE state = 'scheduled' AND is_test IS NOT TRUE")
    # Waits with a deadline.
    _waiting = models.Index("(campaign_id, wait_until) WHERE wait_until IS NOT NULL AND is_test IS NOT TRUE")
    # Messages per hour; who is behind a number of the workflow's cards. The number itself is counted, see counters/.
    _by_activity = models.Index("(activity_id, state, done_date) WHERE is_test IS NOT TRUE")
    # What runs alone, or was interrupted.
    _executing = models.Index("(id) WHERE executing IS NOT NULL")
    _errors = models.Index("(campaign_id) WHERE state = 'error' AND is_test IS NOT TRUE")

    @api.depends("end_code", "end_params", "state", "schedule_date")
    @api.depends_context("lang", "tz")
    def _compute_state_msg(self):
        for trace in self:
            trace.state_msg = trace._get_hold_words() or self._get_end_words(trace.end_code, trace.end_params)

    @api.model
    def _get_end_words(self, code, params):
        """Return in words why a trace ended, or False."""
        reason = self._get_end_reasons().get(code, code)
        detail = (params or {}).get("detail")
        return f"{reason}: {detail}" if reason and detail else reason or False

    @api.model
    def _get_end_reasons(self):
        """Return why a trace or a participant ended, in words, by code.

        :rtype: dict[str, str]
        """
        return {
            # the participant left
            "record_deleted": _("The record was deleted."),
            "left_filter": _("The record no longer matches the campaign's filter."),
            "merged": _("The record was merged into another that is a participant already."),
            "removed_by_hand": _("Removed by hand."),
            "restarted": _("The record entered the campaign again and began anew."),
            "removed_by_action": _("Removed by a server action."),
            "test_stopped": _("The test was stopped."),
            "ended": _("End of the workflow"),
            "goal_reached": _("The goal was reached."),
            "exited": _("The record met the exit condition."),
            # the step did not run
            "filter_mismatch": _("The record does not match the filter of the activity."),
            "step_removed": _("The activity was removed from the workflow."),
            "too_late": _("It was added when it was already too late for this participant."),
            "expired": _("It could not run within its expiry duration."),
            "event_happened": _("What it waited not to happen has happened."),
            "other_branch": _("The step before it chose another branch."),
            "parent_bounced": _("The message before it bounced."),
            "parent_complained": _("The recipient reported the previous message as spam."),
            "parent_failed": _("The step before it failed."),
            # no message was made
            "mail_bl": _("The address is blocklisted."),
            "mail_optout": _("The recipient has opted out."),
            "mail_dup": _("The address got this step through another participant."),
            "mail_email_missing": _("There is no email address."),
            "mail_email_invalid": _("The email address is invalid."),
            "frequency_cap": _("The address has had as many messages as Settings allow."),
            # the record was left as it is
            "list_optout": _("The person has opted out of this mailing list, and stays opted out."),
            "nobody_responsible": _("Nobody is responsible for the record who could get it."),
            # it failed
            "exception": _("The activity failed"),
            "needs_more": _("It could not run: the server lacked what it needs, or others kept changing the same data"),
            "too_long": _("It took longer than it may"),
            "interrupted": _("It may or may not have run: Odoo was interrupted. It does not run again by itself."),
            "killed": _("It was tried several times, and Odoo was interrupted each time."),
            "left_halfway": _(
                "It failed after it had already sent or saved something, so Odoo does not run it again by itself"
            ),
            # it is scheduled, and was due before
            "sending_hours": _("It waits for the sending hours."),
            "best_time": _("It waits for the time at which its recipient usually opens."),
            "frequency_wait": _("It waits: the address has had as many messages as Settings allow."),
            "postponed": _("It could not run; Odoo tries again by itself"),
            "refused": _("The message was not sent: the server refused it, or it was taken out of the queue"),
            "mail_handover": _(
                "The message may or may not have been sent: Odoo was interrupted, or the mail server did not answer. "
                "It is not sent again by itself."
            ),
            "mail_unanswered": _(
                "The message was not sent: the mail server did not answer, though it was tried several times"
            ),
            "mail_smtputf8": _(
                "The address has letters before its @ that need SMTPUTF8, which the mail server does not offer. "
                "Correct the address, or send by a server that does."
            ),
            "mail_withdrawn": _("The participant had left the campaign before the message was sent."),
            "no_handler": _("Nothing installed can execute this type of activity."),
        }
