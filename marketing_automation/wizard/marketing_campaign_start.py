from odoo import _, api, fields, models

from ..models.notices import notify
from ..models.numbers import format_number

PREVIEW = (
    *("record_count", "enroll_count", "shared_count", "overdue_count", "message_summary", "left_out_text"),
    *("expected_end", "sending_text"),
    *("problem_text", "warning_text", "has_moving_filter", "entry_text", "has_dates", "past_count"),
)


class MarketingCampaignStart(models.TransientModel):
    """A last look before a campaign starts."""

    _name = "marketing.campaign.start"
    _inherit = ["marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Campaign: Start"

    campaign_id = fields.Many2one("marketing.campaign", required=True, ondelete="cascade")
    record_count = fields.Integer(string="Records that match", compute="_compute_preview")
    enroll_count = fields.Integer(string="Enter now", compute="_compute_preview")
    shared_count = fields.Integer(
        string="Kept out by unicity",
        compute="_compute_preview",
        help="Another record with the same value in the unicity field enters, or has entered.",
    )
    overdue_count = fields.Integer(
        string="Overdue Steps", compute="_compute_preview", help="They waited while the campaign was stopped."
    )
    message_summary = fields.Char(string="First Messages", compute="_compute_preview")
    left_out_text = fields.Text(compute="_compute_preview", help="Who enters, and gets no message.")
    entry_text = fields.Text(compute="_compute_preview")  # no help: it would be a tooltip over all of it
    has_dates = fields.Boolean(compute="_compute_preview")
    past_days = fields.Integer(
        string="Also Take In the Last",
        default=0,
        help="Also take dates whose moment has passed, up to so many days ago. 0: nobody enters for a past moment.",
    )
    past_count = fields.Integer(string="Enter for Past Dates", compute="_compute_preview")
    hourly_limit = fields.Integer(related="campaign_id.hourly_limit")
    warm_up_text = fields.Char(related="campaign_id.warm_up_text")
    expected_end = fields.Datetime(
        compute="_compute_preview", help=("When the last of them is sent, at the limit per hour.")
    )
    sending_text = fields.Char(compute="_compute_preview")  # no help: it would be a tooltip over all of it
    problem_text = fields.Text(compute="_compute_preview")
    warning_text = fields.Text(compute="_compute_preview")
    checklist = fields.Json(compute="_compute_checklist")  # no help: it would be a tooltip over the whole list
    has_moving_filter = fields.Boolean(compute="_compute_preview")
    let_finish = fields.Boolean(
        string="Let everybody finish who came in",
        default=True,
        help="The filter has a date that moves with time. Otherwise participants leave when it no longer covers them.",
    )

    @api.depends("campaign_id", "past_days")
    def _compute_preview(self):
        labels = dict(self.env["marketing.activity"]._fields["activity_type"]._description_selection(self.env))
        for wizard in self:
            if not wizard.campaign_id:
                wizard.update(dict.fromkeys(PREVIEW, False))
                continue
            preview = wizard.campaign_id.get_start_preview(wizard.past_days)
            wizard.record_count = preview["record_count"]
            wizard.enroll_count = preview["enroll_count"]
            wizard.shared_count = preview["shared_count"]
            wizard.overdue_count = preview["overdue_count"]
            wizard.left_out_text = "\n".join(preview["left_out"])
            wizard.message_summary = (
                ", ".join(
                    _("%(type)s: %(count)s", type=labels[activity_type], count=format_number(self.env, count))
                    for activity_type, count in preview["messages"].items()
                )
                or False
            )
            wizard.expected_end = preview["expected_end"]
            wizard.sending_text = preview["sending"]
            wizard.entry_text = "\n".join(preview["entries"])
            wizard.has_dates = preview["has_dates"]
            wizard.past_count = preview["past_count"]
            wizard.problem_text = "\n".join(preview["problems"])
            wizard.warning_text = "\n".join(preview["warnings"])
            campaign = wizard.campaign_id
            wizard.has_moving_filter = campaign.leave_on_mismatch and campaign._has_relative_date_filter()

    @api.depends("campaign_id")
    def _compute_checklist(self):
        for wizard in self:
            wizard.checklist = wizard.campaign_id.get_checklist() if wizard.campaign_id else []

    def action_start(self):
        """Start the campaign, and tell where to see what it does.

        :return: a notification
        :raise UserError: naming everything that keeps it from running
        """
        self.ensure_one()
        if self.has_moving_filter and self.let_finish:
            self.campaign_id.leave_on_mismatch = False
        self.campaign_id.action_start_campaign(self.past_days)
        entered = self.campaign_id.running_participant_count
        message = _(
            "Participants on their way: %s. The numbers on the cards below count up by themselves; click one to see "
            "whom it counts.",
            format_number(self.env, entered),
        )
        return notify("success", message, title=_("“%s” runs", self.campaign_id.name))
