from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize_all


class MarketingCampaignTest(models.TransientModel):
    """Try a campaign out on one record, step by step."""

    _name = "marketing.campaign.test"
    _inherit = ["marketing.record.choice", "marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Campaign: Launch a Test"

    campaign_id = fields.Many2one("marketing.campaign", required=True, ondelete="cascade")
    model_id = fields.Many2one(related="campaign_id.model_id")
    model_name = fields.Char(related="campaign_id.model_name")
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="model_name", compute="_compute_res_id", store=True, readonly=False
    )
    resource_ref = fields.Reference(
        help="The messages of the test really go out, to this record.",
    )

    is_asked = fields.Boolean(readonly=True, help="Whether the user was told to whom the messages go.")
    confirmed = fields.Boolean(help="Whether the messages may go to somebody else than the user.")
    question = fields.Char(compute="_compute_question")
    outside_text = fields.Char(compute="_compute_outside_text")
    can_create_me = fields.Boolean(compute="_compute_can_create_me")
    create_me_text = fields.Char(compute="_compute_can_create_me")

    @api.depends("campaign_id")
    def _compute_res_id(self):
        """Propose the user's own record, else none: the messages really go out."""
        for wizard in self:
            wizard.res_id = wizard._find_own_record().id

    @api.depends("res_id", "campaign_id")
    def _compute_question(self):
        for wizard in self:
            record = wizard._get_record()
            wizard.question = False
            if record and not wizard._is_own(record):
                addresses = ", ".join(wizard._get_addresses(record)) or record.display_name
                wizard.question = _("The messages of this test really go to %s.", addresses)

    @api.depends("campaign_id", "resource_ref")
    def _compute_outside_text(self):
        for wizard in self:
            chosen = wizard.resource_ref  # the form keeps its id at Launch
            chosen = chosen if chosen and chosen._name == wizard.model_name and chosen.has_access("read") else None
            record = chosen and chosen.exists()
            is_outside = record and wizard.campaign_id._is_outside_filter(record.id)
            wizard.outside_text = is_outside and _(
                "“%s” does not match the campaign's filter: the campaign itself would not take it. The test runs all "
                "the same; the filters of the activities hold.",
                record.display_name,
            )

    @api.depends("campaign_id", "res_id")
    def _compute_can_create_me(self):
        for wizard in self:
            model = wizard.env.get(wizard.model_name)
            wizard.can_create_me, wizard.create_me_text = False, False
            if model is None or wizard.res_id:
                continue
            if not wizard.env.user.email_normalized:
                wizard.create_me_text = _(
                    "You have no email address: set one in your preferences, to test on yourself."
                )
            elif model.has_access("create") and not wizard._get_missing_fields(model):
                wizard.can_create_me = True
                wizard.create_me_text = _("No record has your address, %s, yet.", wizard.env.user.email_normalized)
            else:
                wizard.create_me_text = _(
                    "No record has your address, %s: make one yourself, to test on yourself.",
                    wizard.env.user.email_normalized,
                )

    def _get_refusal(self, name):
        return _("“%s” is no record of the campaign's target.", name)

    # ------------------------------------------------------------
    # Whose record it is
    # ------------------------------------------------------------

    def _get_record(self):
        """Return the chosen record as far as the user may read it, of no model where there is no target."""
        self.ensure_one()
        model = self.env.get(self.model_name)
        if model is None or not self.res_id or not model.has_access("read"):
            return None
        return model.browse(self.res_id).exists()._filtered_access("read")

    def _find_own_record(self):
        """Return the record of the target that is the user's own, if there is one."""
        user, model = self.env.user, self.env.get(self.model_name)
        none = self.env["res.partner"] if model is None else model.browse()
        if model is None or not model.has_access("read"):
            return none
        if model._name == "res.partner":
            return user.partner_id._filtered_access("read")
        if "email_normalized" not in model._fields or not user.email_normalized:
            return none
        found = model.search([("email_normalized", "=", user.email_normalized)], limit=10)
        return found.filtered(self._is_own)[:1]

    def _is_own(self, record):
        """Tell whether all that a test sends for a record reaches the user alone."""
        if record == self.env.user.partner_id:
            return True
        addresses = self._get_addresses(record)
        return bool(addresses) and set(addresses) <= set(self._get_own_addresses())

    def _get_addresses(self, record):
        """Return where the messages of a test for this record go; an addon adds those of its own type.

        :rtype: list[str]
        """
        fname = getattr(record, "_primary_email", None)
        return email_normalize_all(record[fname] or "") if fname in record._fields else []

    def _get_own_addresses(self):
        """Return at which addresses the user receives messages.

        :rtype: list[str]
        """
        return [self.env.user.email_normalized] if self.env.user.email_normalized else []

    # ------------------------------------------------------------
    # Create me
    # ------------------------------------------------------------

    def _prepare_me_values(self, model):
        """Return the values of a record of the target that is the user."""
        user = self.env.user
        values = {getattr(model, "_primary_email", None): user.email, model._rec_name: user.name}
        return {fname: value for fname, value in values.items() if fname in model._fields}

    def _get_missing_fields(self, model):
        """Return the fields that a record of the target needs beyond what is known of the user."""
        values = self._prepare_me_values(model)
        if getattr(model, "_primary_email", None) not in values:
            return ["email"]
        required = [
            fname
            for fname, field in model._fields.items()
            if field.required and field.store and not field.compute and not field.related and fname not in values
        ]
        defaults = model.default_get(required)
        return [
            fname
            for fname in required
            if defaults.get(fname) in (None, False) and model._fields[fname].type not in ("boolean", "integer", "float")
        ]

    def action_create_me(self):
        """Make a record of the target with the user's name and address, and choose it.

        :raise UserError: where one needs more than that
        """
        self.ensure_one()
        self.check_access("write")
        model = self.env.get(self.model_name)
        if not self.can_create_me:
            raise UserError(self.create_me_text or _("Choose the record on which you want to test the campaign."))
        # a default of the caller would make another record
        model = model.with_env(self.env(context={"lang": self.env.lang}))
        self.res_id = model.create(self._prepare_me_values(model)).id
        return self._reopen()

    # ------------------------------------------------------------
    # Launch
    # ------------------------------------------------------------

    def _reopen(self):
        return {
            "name": _("Launch a Test"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_launch_test(self):
        """Start a test for the record, and open its page.

        For a record of somebody else it first asks, naming the address, unless ``confirmed`` says that it may.

        :return: the action that opens the test, or the question
        :raise UserError: naming what keeps the campaign from running, or without a record
        """
        self.ensure_one()
        self.campaign_id.check_access("write")
        model = self.env.get(self.model_name)
        record = model.browse(self.res_id).exists() if model is not None and self.res_id else None
        if not record:
            raise UserError(_("Choose the record on which you want to test the campaign “%s”.", self.campaign_id.name))
        record.check_access("read")
        if not self.confirmed and not self._is_own(record):
            self.is_asked = True
            return self._reopen()
        participant = self.campaign_id._create_test_participant(record.id)
        return participant.get_formview_action()

    def action_confirm_test(self):
        """Start the test for somebody else's record."""
        self.ensure_one()
        self.confirmed = True
        return self.action_launch_test()

    def action_choose_another(self):
        """Go back to the choice of the record."""
        self.ensure_one()
        self.is_asked = False
        return self._reopen()
