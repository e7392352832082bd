"""Unicity whose field is lost: a campaign does not start until its user has decided what is to take its place."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    unique_field_name = fields.Char(
        compute="_compute_unique_field_name",
        store=True,
        readonly=True,
        engine_only=True,
        help="Kept when the field is deleted, or its addon uninstalled.",
    )
    unique_by = fields.Char(
        string="Unicity based on",
        compute="_compute_unique_by",
        inverse="_inverse_unique_by",
        readonly=False,
        help="Of the records that share a value in this field, only the oldest is enrolled.",
    )
    is_unicity_lost = fields.Boolean(compute="_compute_is_unicity_lost")

    # not on what the field says of itself: the deletion of a field would count as a choice then
    @api.depends("unique_field_id")
    def _compute_unique_field_name(self):
        for campaign in self:
            campaign.unique_field_name = campaign.unique_field_id.sudo().name

    # by its name, which the target's own views tell: marketers need not read how all of Odoo's fields are made
    @api.depends("unique_field_id")
    def _compute_unique_by(self):
        for campaign in self:
            campaign.unique_by = campaign.unique_field_id.sudo().name

    def _inverse_unique_by(self):
        for campaign in self:
            field = self.env["ir.model.fields"]
            if campaign.unique_by:
                field = field.sudo()._get(campaign.model_name, campaign.unique_by)
                if not field:
                    raise ValidationError(
                        _(
                            "“%(model)s” has no field “%(name)s”.",
                            model=campaign.model_id.sudo().name,
                            name=campaign.unique_by,
                        )
                    )
            campaign.unique_field_id = field.id

    @api.depends("unique_field_id", "unique_field_name")
    def _compute_is_unicity_lost(self):
        for campaign in self:
            campaign.is_unicity_lost = bool(campaign.unique_field_name) and not campaign.unique_field_id

    def action_drop_unicity(self):
        """Have the campaign go on without unicity, whose field was lost.

        At the next Start or Update everybody enters whom it kept out.
        """
        self.check_access("write")
        self.write({"unique_field_id": False})
        return True

    def _copy_lost_unicity_to(self, new_campaign):
        if self.is_unicity_lost and not new_campaign.unique_field_id:
            new_campaign.sudo().unique_field_name = self.unique_field_name

    def _get_unicity_errors(self):
        if not self.is_unicity_lost:
            return []
        return [
            _(
                "Its unicity was based on the field “%s”, which was deleted. Choose another field, or go on without "
                "one: everybody whom it kept out then enters.",
                self.unique_field_name,
            )
        ]
