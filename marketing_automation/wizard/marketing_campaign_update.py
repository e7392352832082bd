from odoo import Command, api, fields, models


class MarketingCampaignUpdate(models.TransientModel):
    """What Update would do, in numbers, and the choice for what is late."""

    _name = "marketing.campaign.update"
    _inherit = ["marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Campaign: Update"

    campaign_id = fields.Many2one("marketing.campaign", required=True, ondelete="cascade")
    line_ids = fields.One2many("marketing.campaign.update.line", "wizard_id", string="Activities")
    change_text = fields.Text(string="Changes", help="Since the last Start or Update.")
    leave_count = fields.Integer(string="Leave")
    return_count = fields.Integer(string="Come Back")
    again_count = fields.Integer(string="Enter Again")
    late_count = fields.Integer(string="Already due")
    late = fields.Selection(
        [("skip", "Skip them"), ("run", "Run them now")],
        string="Steps already due",
        default="skip",
        required=True,
        help="New activities that are already late for some participants.",
    )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        campaign = self.env["marketing.campaign"].browse(values.get("campaign_id"))
        if campaign:
            preview = campaign.get_update_preview()
            values.update(
                change_text="\n".join(preview["changes"]),
                leave_count=preview["leave"],
                return_count=preview["return"],
                again_count=preview["again"],
                late_count=sum(numbers["late"] for numbers in preview["steps"].values()),
                line_ids=[
                    Command.create({"activity_id": activity_id, **{f"{what}_count": n for what, n in numbers.items()}})
                    for activity_id, numbers in sorted(preview["steps"].items())
                    if any(numbers.values())
                ],
            )
        return values

    def action_update(self):
        self.ensure_one()
        self.campaign_id.action_update_participants(late=self.late)
        return {"type": "ir.actions.act_window_close"}


class MarketingCampaignUpdateLine(models.TransientModel):
    _name = "marketing.campaign.update.line"
    _inherit = ["marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Campaign: Update of an Activity"

    wizard_id = fields.Many2one("marketing.campaign.update", required=True, ondelete="cascade")
    activity_id = fields.Many2one("marketing.activity", ondelete="cascade")
    new_count = fields.Integer(string="Added for")
    late_count = fields.Integer(string="Already due")
    rescheduled_count = fields.Integer(string="Rescheduled")
    canceled_count = fields.Integer(string="Cancelled")
