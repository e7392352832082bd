from odoo import _, api, fields, models
from odoo.exceptions import UserError


class MarketingCampaignTest(models.TransientModel):
    """Try a campaign out on one record, step by step."""

    _name = "marketing.campaign.test"
    _inherit = ["marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Campaign: Launch a Test"

    campaign_id = fields.Many2one("marketing.campaign", required=True, ondelete="cascade")
    model_id = fields.Many2one(related="campaign_id.model_id")
    model_name = fields.Char(related="campaign_id.model_name")
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="model_name", compute="_compute_res_id", store=True, readonly=False
    )
    resource_ref = fields.Reference(
        selection=lambda self: self.env["marketing.participant"]._selection_target_model(),
        string="Record",
        compute="_compute_resource_ref",
        inverse="_inverse_resource_ref",
        help="The messages of the test really go out, to this record.",
    )

    @api.depends("campaign_id")
    def _compute_res_id(self):
        """Propose a record that matches the filter, else any."""
        for wizard in self:
            model = wizard.env.get(wizard.model_name)
            if model is None or not model.has_access("read"):
                wizard.res_id = False
                continue
            try:
                record = model.search(wizard.campaign_id._parse_filter(wizard.campaign_id.domain, wizard.env), limit=1)
            except (ValueError, UserError):
                record = model
            wizard.res_id = (record or model.search([], limit=1)).id

    @api.depends("model_name", "res_id")
    def _compute_resource_ref(self):
        for wizard in self:
            known = wizard.model_name in wizard.env and wizard.res_id
            wizard.resource_ref = f"{wizard.model_name},{wizard.res_id}" if known else False

    def _inverse_resource_ref(self):
        for wizard in self:
            record = wizard.resource_ref
            if record and record._name != wizard.model_name:
                raise UserError(_("“%s” is no record of the campaign's target.", record.display_name))
            wizard.res_id = record.id if record else False

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
