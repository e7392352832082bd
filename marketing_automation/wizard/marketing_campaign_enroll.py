from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.notices import notify

# In the order in which they are told.
REASONS = ("no_access", "participant", "inside", "too_soon", "limit", "goal", "filter_mismatch", "duplicate", "busy")


class MarketingCampaignEnroll(models.TransientModel):
    """Add records that a user has selected in a list to a campaign, and tell what became of them."""

    _name = "marketing.campaign.enroll"
    _inherit = ["marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Campaign: Add Records"

    model_name = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(string="Records", readonly=True)
    record_count = fields.Integer(string="Selected Records", compute="_compute_record_count")
    campaign_id = fields.Many2one(
        "marketing.campaign",
        ondelete="cascade",
        domain="[('state', '=', 'running'), ('model_name', '=', model_name)]",
    )
    campaign_count = fields.Integer(compute="_compute_campaign_count")
    state = fields.Selection([("choose", "Choose"), ("done", "Done")], default="choose", required=True, readonly=True)
    enrolled_count = fields.Integer(string="Added", readonly=True)
    line_ids = fields.One2many("marketing.campaign.enroll.line", "enroll_id", string="Left out", readonly=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        values.update(model_name=self.env.context.get("active_model"), res_ids=self.env.context.get("active_ids") or [])
        self._check_values(values)
        model_name = values["model_name"]
        campaigns = self._search_campaigns(model_name, limit=2)
        if len(campaigns) == 1:
            values["campaign_id"] = campaigns.id
        return values

    @api.depends("res_ids")
    def _compute_record_count(self):
        for wizard in self:
            wizard.record_count = len(wizard.res_ids or [])

    @api.depends("model_name")
    def _compute_campaign_count(self):
        for wizard in self:
            wizard.campaign_count = len(self._search_campaigns(wizard.model_name))

    @api.model
    def _search_campaigns(self, model_name, limit=None):
        domain = [("state", "=", "running"), ("model_name", "=", model_name)]
        return self.env["marketing.campaign"].search(domain, limit=limit)

    def action_enroll(self):
        """Enrol the records, as far as the campaign and the user's own rights let them in.

        :return: an action that tells what was added and what was left out
        :raise UserError: without a running campaign of these records' model
        """
        return self._enroll_from("hand")

    def _enroll_from(self, source):
        """Enrol the records, see :meth:`action_enroll`.

        :param str source: how they come in
        """
        self.ensure_one()
        campaign = self.campaign_id
        if not campaign or campaign.model_name != self.model_name:
            raise UserError(_("Choose a campaign whose target is what you have selected."))
        records = self.env[self.model_name].browse(self.res_ids or [])
        readable = records.exists()._filtered_access("read")
        participants = campaign.sudo()._filter_participants(readable.ids)
        result = campaign._enroll_records(readable.ids, source)
        reasons = campaign.sudo()._explain_left_out(result["left_out"], participants)
        reasons.update(dict.fromkeys((records - readable).ids, "no_access"))
        return self._tell(result["enrolled"], reasons)

    def _tell(self, enrolled_ids, reasons):
        """Tell what became of the records.

        :param list enrolled_ids: ids of the records that were added
        :param dict reasons: why a record was left out, one of ``REASONS``, by its id
        """
        added = _("%(count)s record(s) added to “%(name)s”.", count=len(enrolled_ids), name=self.campaign_id.name)
        if not reasons:
            return notify("success", added)
        lines = []
        for reason in REASONS:
            res_ids = sorted(res_id for res_id, code in reasons.items() if code == reason)
            if res_ids:
                lines.append((0, 0, {"reason": reason, "res_ids": res_ids}))
        self.write({"state": "done", "enrolled_count": len(enrolled_ids), "line_ids": lines})
        return {
            "name": _("Add to campaign"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class MarketingCampaignEnrollLine(models.TransientModel):
    """Records that were left out for one reason."""

    _name = "marketing.campaign.enroll.line"
    _inherit = ["marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Campaign: Records Left Out"

    enroll_id = fields.Many2one("marketing.campaign.enroll", required=True, ondelete="cascade")
    reason = fields.Selection(
        [
            ("no_access", "They were deleted, or you may not see them."),
            ("participant", "They are or were participants already."),
            ("inside", "They are in the campaign now; they may enter again once they have finished."),
            ("too_soon", "They entered a short time ago: the campaign lets them in again later."),
            ("limit", "They have entered as often as the campaign allows."),
            ("goal", "They have reached the campaign's goal already, or match its exit condition."),
            ("filter_mismatch", "They do not match the campaign's filter."),
            ("duplicate", "Another participant has the same value in the unicity field of the campaign."),
            ("busy", "The campaign is at work on them: try again."),
        ],
        required=True,
        readonly=True,
    )
    res_ids = fields.Json(readonly=True)
    record_count = fields.Integer(string="Records", compute="_compute_record_count")

    @api.depends("res_ids")
    def _compute_record_count(self):
        for line in self:
            line.record_count = len(line.res_ids or [])

    def action_view_records(self):
        """Open the records of this line."""
        self.ensure_one()
        return {
            "name": dict(self._fields["reason"]._description_selection(self.env)).get(self.reason),
            "type": "ir.actions.act_window",
            "res_model": self.enroll_id.model_name,
            "domain": [("id", "in", self.res_ids or [])],
            "views": [(False, "list"), (False, "form")],
            "context": {"active_test": False},
        }


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _filter_participants(self, res_ids):
        """Return those of the records that are or were participants."""
        participants = self.env["marketing.participant"]
        domain = [("campaign_id", "=", self.id), ("res_id", "in", res_ids), ("is_test", "=", False)]
        return set(participants.search_fetch(domain, ["res_id"]).mapped("res_id"))

    def _explain_left_out(self, res_ids, participant_ids):
        """Return why records were not enrolled.

        :param list res_ids: ids of records that were left out
        :param set participant_ids: ids of those that were participants before
        :return: one of ``REASONS`` by record id
        :rtype: dict[int, str]
        """
        reasons = {}
        if not res_ids:
            return reasons
        matching = self._filter_res_ids(self._get_run_env(), res_ids, [self._get_workflow().domain])
        default = "duplicate" if self._get_workflow().unique_field else "busy"
        if self._get_workflow().reentry == "never":
            before = dict.fromkeys(participant_ids, "participant")
        else:
            before = self._explain_no_return(list(matching), fields.Datetime.now())
        entering = set(self._get_audience_query(res_ids=list(res_ids), entering=True)[0])
        for res_id in res_ids:
            other = default if res_id in entering else "goal" if res_id in matching else "filter_mismatch"
            reasons[res_id] = before.get(res_id) or other
        return reasons
