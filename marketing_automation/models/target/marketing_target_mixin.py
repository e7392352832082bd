from odoo import _, api, fields, models


class MarketingTargetMixin(models.AbstractModel):
    """Records whose form leads to the campaigns that they are in."""

    _name = "marketing.target.mixin"
    _description = "Marketing Automation Target"

    marketing_participant_count = fields.Integer(
        string="Campaigns",
        compute="_compute_marketing_participant_count",
        groups="marketing_automation.group_marketing_automation_user",
        help="Marketing Automation campaigns that this record is or was in, tests excepted.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_marketing_participant_count(self):
        counts = {}
        if self.ids:
            participants = self.env["marketing.participant"]
            counts = dict(participants._read_group(self._get_marketing_participants_domain(), ["res_id"], ["__count"]))
        for record in self:
            record.marketing_participant_count = counts.get(record._origin.id, 0)

    def _get_marketing_participants_domain(self):
        # by the index on the two columns
        return [("model_name", "=", self._name), ("res_id", "in", self.ids), ("is_test", "=", False)]

    def action_view_marketing_participants(self):
        """Open the campaigns that this record is in; the one there is, at once.

        :rtype: dict
        """
        self.ensure_one()
        domain = self._get_marketing_participants_domain()
        participants = self.env["marketing.participant"].search(domain, limit=2)
        context = {"marketing_of_record": True}
        if len(participants) == 1:
            return dict(participants.get_formview_action(), context=context)
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        return dict(action, display_name=_("Campaigns of %s", self.display_name), domain=domain, context=context)
