from odoo import _, api, fields, models
from odoo.exceptions import UserError


class MarketingCampaignTest(models.TransientModel):
    """Try a campaign out on one record, step by step."""

    _name = "marketing.campaign.test"
    _description = "Marketing Campaign: Launch a Test"

    campaign_id = fields.Many2one("marketing.campaign", required=True, ondelete="cascade")
    model_name = fields.Char(related="campaign_id.model_name")
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="model_name", compute="_compute_res_id", store=True, readonly=False
    )
    resource_ref = fields.Reference(
        selection=lambda self: self.env["marketing.participant"]._selection_target_model(),
        string="Record",
        compute="_compute_resource_ref",
        readonly=False,
        help="The emails of the test really go out, to this record.",
    )

    @api.depends("campaign_id")
    def _compute_resource_ref(self):
        """Propose a record that matches the filter, else any."""
        for wizard in self:
            model = wizard.env.get(wizard.model_name)
            if model is None or not model.has_access("read"):
                wizard.resource_ref = False
                continue
            try:
                record = model.search(wizard.campaign_id._parse_filter(wizard.campaign_id.domain, wizard.env), limit=1)
            except (ValueError, UserError):
                record = model
            record = record or model.search([], limit=1)
            wizard.resource_ref = f"{record._name},{record.id}" if record else False

    @api.depends("resource_ref")
    def _compute_res_id(self):
        for wizard in self:
            wizard.res_id = wizard.resource_ref.id if wizard.resource_ref else wizard.res_id

    def action_launch_test(self):
        """Start a test for the record, and open its page.

        :raise UserError: naming what keeps the campaign from running, or without a record
        """
        self.ensure_one()
        self.campaign_id.check_access("write")
        model = self.env.get(self.model_name)
        record = model.browse(self.res_id).exists() if model is not None and self.res_id else None
        if not record:
            raise UserError(_("Choose the record on which you want to test the campaign “%s”.", self.campaign_id.name))
        record.check_access("read")
        participant = self.campaign_id._create_test_participant(record.id)
        return participant.get_formview_action()
