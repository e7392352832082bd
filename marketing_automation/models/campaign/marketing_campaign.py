from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import clean_context

from ...engine.context import test_run
from ...engine.workflow import Workflow

WORKFLOWS_KEY = "marketing_automation.workflows"
UNIQUE_FIELD_TYPES = ("char", "integer", "selection", "many2one")


class MarketingCampaign(models.Model):
    """A workflow that is run for a target audience."""

    _name = "marketing.campaign"
    _inherit = "marketing.guard"
    _description = "Marketing Campaign"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "New"), ("running", "Running"), ("stopped", "Stopped")],
        string="Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        group_expand=True,
    )
    stop_date = fields.Datetime(string="Stopped on", readonly=True, copy=False)
    stop_reason = fields.Char(readonly=True, copy=False, help="Why the campaign stopped by itself.")
    user_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user, help="Whom to ask; gives no rights."
    )
    run_as_id = fields.Many2one(
        "res.users",
        string="Runs as",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The campaign acts with the rights of this user, who last pressed Start or Update.",
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user.has_group("base.group_multi_company") and self.env.company,
        help=(
            "The campaign reaches the records of this company, and its users see it. Without one: all companies of "
            "the campaign's user."
        ),
    )
    tz = fields.Char(string="Time Zone", readonly=True, copy=False, help="Fixed at Start; days keep its wall clock.")
    tag_ids = fields.Many2many("utm.tag", "marketing_campaign_tag_rel", "campaign_id", "tag_id", string="Tags")
    color = fields.Integer(string="Color Index")
    utm_campaign_id = fields.Many2one(
        "utm.campaign",
        string="UTM Campaign",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        help="Where the clicks of this campaign are counted.",
    )
    model_id = fields.Many2one(
        "ir.model",
        string="Target",
        index=True,
        ondelete="set null",
        domain=[("is_marketing_choice", "=", True)],
        default=lambda self: self.env["ir.model"]._get("res.partner").id,
    )
    model_name = fields.Char(
        string="Target Model", compute="_compute_model_name", store=True, help="Stays when the target's addon goes."
    )
    domain = fields.Char(string="Filter", compute="_compute_domain", store=True, readonly=False, copy=True)
    mailing_filter_id = fields.Many2one(
        "mailing.filter",
        string="Favorite Filter",
        compute="_compute_mailing_filter_id",
        store=True,
        readonly=False,
        domain="[('mailing_model_name', '=', model_name)]",
        ondelete="set null",
    )
    mailing_filter_domain = fields.Char(related="mailing_filter_id.mailing_domain", string="Favorite Filter Domain")
    mailing_filter_count = fields.Integer(string="# Favorite Filters", compute="_compute_mailing_filter_count")
    unique_field_id = fields.Many2one(
        "ir.model.fields",
        string="Unicity Field",
        compute="_compute_unique_field_id",
        store=True,
        readonly=False,
        ondelete="set null",
        domain=f"""[('model_id', '=', model_id), ('ttype', 'in', {UNIQUE_FIELD_TYPES}), ('store', '=', True),
                    ('translate', '=', False), ('company_dependent', '=', False)]""",
        help="Of the records that share a value in this field, only the oldest is enrolled.",
    )
    count_machine_opens = fields.Boolean(
        string="Count proxies' opens",
        help=(
            "Some mail programs load the pictures of every message through a proxy, read or not. Such opens are "
            "shown beside those of people. With this option they count as opens, both in the numbers and for steps "
            "that wait for an open."
        ),
    )
    leave_on_mismatch = fields.Boolean(
        string="Leave on Mismatch",
        default=True,
        help="Whether a participant whose record no longer matches the filter leaves the campaign.",
    )
    marketing_activity_ids = fields.One2many("marketing.activity", "campaign_id", string="Activities", copy=False)
    participant_ids = fields.One2many(
        "marketing.participant", "campaign_id", string="Participants", readonly=True, copy=False
    )
    mailing_ids = fields.One2many(
        "mailing.mailing", "marketing_campaign_id", string="Templates", readonly=True, copy=False
    )
    workflow = fields.Json(
        readonly=True, copy=False, help="What runs: the workflow as it was at the last Start or Update."
    )
    last_sync_date = fields.Datetime(string="Last Enrolment", readonly=True, copy=False)
    require_sync = fields.Boolean(string="Workflow Modified", compute="_compute_require_sync")
    waiting_text = fields.Text(
        compute="_compute_require_sync", help="Changes behind the running campaign that wait for an Update."
    )
    # ------------------------------------------------------------
    # Constraints
    # ------------------------------------------------------------

    @api.constrains("model_id")
    def _check_model_id(self):
        for campaign in self:
            if not campaign.model_id:
                raise ValidationError(_("The campaign “%s” needs a target.", campaign.name))
            if not campaign.model_id.sudo().is_marketing_target:
                raise ValidationError(
                    _(
                        "“%(model)s” cannot be the target of the campaign “%(campaign)s”: it has no mail thread.",
                        model=campaign.model_id.sudo().name,
                        campaign=campaign.name,
                    )
                )

    @api.constrains("domain", "model_id")
    def _check_domain(self):
        for campaign in self:
            campaign._check_filter(campaign.domain, _("its filter"))

    @api.constrains("unique_field_id", "model_id")
    def _check_unique_field_id(self):
        for campaign in self.filtered("unique_field_id"):
            field = campaign.unique_field_id.sudo()
            if (
                field.model != campaign.model_name
                or field.ttype not in UNIQUE_FIELD_TYPES
                or not field.store
                or field.translate
                or field.company_dependent
            ):
                raise ValidationError(
                    _(
                        "Unicity of the campaign “%(campaign)s” cannot be based on “%(field)s”: it takes a stored "
                        "text, number, selection or link of the target itself.",
                        campaign=campaign.name,
                        field=field.field_description,
                    )
                )

    # ------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------

    @api.depends("model_id")
    def _compute_model_name(self):
        for campaign in self:
            if campaign.model_id:
                campaign.model_name = campaign.model_id.sudo().model

    @api.depends("model_id", "mailing_filter_id")
    def _compute_domain(self):
        for campaign in self:
            if campaign.mailing_filter_id:
                campaign.domain = campaign.mailing_filter_id.mailing_domain
            elif not campaign._is_filter_of_target(campaign.domain):
                campaign.domain = "[]"  # it was made for another target

    @api.depends("model_id")
    def _compute_mailing_filter_id(self):
        for campaign in self:
            if campaign.mailing_filter_id.mailing_model_id != campaign.model_id:
                campaign.mailing_filter_id = False

    @api.depends("model_id")
    def _compute_unique_field_id(self):
        for campaign in self:
            if campaign.unique_field_id.sudo().model_id != campaign.model_id:
                campaign.unique_field_id = False

    @api.depends("model_id")
    def _compute_mailing_filter_count(self):
        counts = dict(
            self.env["mailing.filter"]._read_group(
                [("mailing_model_id", "in", self.model_id.ids)], ["mailing_model_id"], ["__count"]
            )
        )
        for campaign in self:
            campaign.mailing_filter_count = counts.get(campaign.model_id, 0)

    @api.depends(lambda self: self._get_workflow_fields())
    def _compute_require_sync(self):
        for campaign in self:
            running = campaign.state == "running" and campaign.workflow
            waiting = campaign._get_waiting_changes() if running else []
            campaign.waiting_text = "\n".join(waiting)
            campaign.require_sync = running and (
                bool(waiting) or not campaign._build_workflow().is_course_of(campaign._get_workflow())
            )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        campaigns = super().create(vals_list)
        for campaign in campaigns.filtered(lambda campaign: not campaign.utm_campaign_id):
            utm_campaign = (
                self.env["utm.campaign"]
                .sudo()
                .with_context(clean_context(self.env.context))
                .create(
                    {
                        "title": campaign.name,
                        "name": campaign._get_utm_name(),
                        "is_auto_campaign": True,
                        "user_id": campaign.user_id.id or self.env.uid,
                    }
                )
            )
            super(MarketingCampaign, campaign.sudo()).write({"utm_campaign_id": utm_campaign.id})
            campaign.marketing_activity_ids._adopt_mailings()
        return campaigns

    def copy(self, default=None):
        """Copy the workflow too, with its templates and its own server actions, as a new draft."""
        copies = super().copy(default)
        for campaign, new_campaign in zip(self, copies, strict=True):
            campaign._copy_workflow_to(new_campaign)
            campaign._copy_lost_unicity_to(new_campaign)
        return copies

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for campaign, vals in zip(self, vals_list, strict=True):
                vals["name"] = _("%s (copy)", campaign.name)
        return vals_list

    def _copy_workflow_to(self, new_campaign):
        """Copy the activities, and what they execute; those that share a template or an action share its copy."""
        copies, executed = {}, {}
        waiting = self.marketing_activity_ids
        while waiting:
            ready = waiting.filtered(lambda activity: not activity.parent_id or activity.parent_id.id in copies)
            for activity in ready:
                copies[activity.id] = activity._copy_to(new_campaign, copies.get(activity.parent_id.id), executed)
            if not ready:  # below an archived activity
                break
            waiting -= ready
        for activity in self.marketing_activity_ids.filtered(lambda activity: activity.id in copies):
            copies[activity.id]._ask_type("relink", activity, copies)
        if self.goal_behavior:
            new_campaign.goal_behavior = self._relink_behaviour(self.goal_behavior, copies)

    def write(self, vals):
        if vals.get("model_id"):
            self.env["marketing.activity"]._delete_discarded([("campaign_id", "in", self.ids)])
            for campaign in self:
                if campaign.model_id.id != vals["model_id"] and (
                    campaign.with_context(active_test=False).marketing_activity_ids or campaign.participant_ids
                ):
                    raise UserError(
                        _(
                            "The target of the campaign “%s” cannot change once it has activities: they are made for "
                            "that target. Remove them first, or start a new campaign.",
                            campaign.name,
                        )
                    )
        if "company_id" in vals and not self.env.su:
            self._check_may_change_company(vals["company_id"] or False)
        if not vals.get("active", True):
            self.filtered(lambda campaign: campaign.state == "running").action_stop_campaign()
        res = super().write(vals)
        if "name" in vals:
            self._rename_utm_campaigns()
        if "workflow" in vals or "state" in vals:
            self._on_running_changed()
        if "ignore_cap" in vals or "priority" in vals:
            self._ask_again_for_room()
        return res

    def _on_running_changed(self):
        """Hook: what these campaigns run may have changed."""

    def _check_may_change_company(self, company_id):
        """Keep with its company what runs, and who is or was in it: a campaign without company is everybody's.

        :param company_id: id of res.company, or False
        :raise UserError:
        """
        for campaign in self.filtered(lambda campaign: campaign.company_id.id != company_id):
            if campaign.state == "running":
                # whom it reaches with the rights of who started it; they may not be those of who edits it
                raise UserError(
                    _("The company of the campaign “%s” cannot change while it runs: stop it first.", campaign.name)
                )
            if campaign.company_id and campaign.sudo().participant_ids:
                raise UserError(
                    _(
                        "The campaign “%(campaign)s” has participants of %(company)s: it stays with that company. "
                        "Duplicate it for another.",
                        campaign=campaign.name,
                        company=campaign.company_id.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_running(self):
        for campaign in self:
            if campaign.state == "running":
                raise UserError(_("The campaign “%s” is running: stop it before you delete it.", campaign.name))

    def unlink(self):
        """Delete the campaigns with all that is theirs; Odoo's history of their mails stays.

        :raise UserError: for a campaign that runs
        """
        self.check_access("unlink")
        self._unlink_unless_running()  # before what is theirs goes
        utm_campaigns = self.utm_campaign_id.sudo()
        for name in ("marketing.trace.event", "marketing.entry.request"):
            self.env[name].sudo().search([("campaign_id", "in", self.ids)]).unlink()
        self.sudo().participant_ids.unlink()
        res = super().unlink()
        utm_campaigns.filtered("is_auto_campaign").active = False
        return res

    # ------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------

    def action_start_campaign(self, past_days=0):
        """Start the campaign: check it, fix its workflow, rights and zone, and enrol.

        :param int past_days: by dates, those enter too whose moment was in so many days before now
        :raise UserError: naming everything that is wrong with it
        """
        self._check_past_days(past_days)
        for campaign in self:
            campaign.check_access("write")
            run_as = campaign._get_run_as_candidate()
            campaign._check_can_run(run_as)
            values = {
                "state": "running",
                "stop_date": False,
                "stop_reason": False,
                "failure_count": 0,
                "run_as_id": run_as.id,
                "tz": campaign._get_tz(),
            }
            campaign.sudo().write(values)
            campaign.sudo()._publish_workflow("skip", past_days)
        return True

    def action_stop_campaign(self):
        """Stop the campaign: nothing more is executed; what happens is still recorded."""
        self.check_access("write")
        self.sudo().write({"state": "stopped", "stop_date": fields.Datetime.now()})
        return True

    def action_clear_workflow(self):
        """Empty the workflow of a new campaign, so that its target can change.

        Its activities and tests are deleted, its templates archived: they were made for the target.

        :raise UserError: for a campaign that has run
        """
        self.ensure_one()
        self.check_access("write")
        if self.state != "draft" or self.participant_ids.filtered(lambda participant: not participant.is_test):
            raise UserError(_("The campaign “%s” has run: start a new one for another target.", self.name))
        self.sudo().participant_ids.unlink()
        self.with_context(active_test=False).marketing_activity_ids.unlink()
        self.mailing_ids.action_archive()

    def _get_tz(self):
        """Return the zone of the campaign's wall clock: fixed at Start, until then the one that Start would fix."""
        return self.tz or self.user_id.tz or (self.company_id or self.env.company).partner_id.tz or "UTC"

    # ------------------------------------------------------------
    # Workflow
    # ------------------------------------------------------------

    @api.model
    def _get_workflow_fields(self):
        """Return the paths of the fields on which it depends whether Update is needed."""
        step_fields = self.env["marketing.activity"]._get_step_fields()
        return [
            *("state", "workflow", "domain", "unique_field_id", "leave_on_mismatch"),
            *self._get_reentry_fields(),
            *("sending_calendar_id", "tz_mode", *self._get_goal_fields()),
            *(f"marketing_activity_ids.{fname}" for fname in step_fields),
            *(f"entry_ids.{fname}" for fname in self.env["marketing.entry"]._get_running_fields()),
        ]

    @api.private
    def _build_workflow(self):
        """Return the workflow as the activities describe it now.

        :rtype: odoo.addons.marketing_automation.workflow.Workflow
        """
        self.ensure_one()
        activities = self.marketing_activity_ids
        workflow = Workflow(
            domain=self.domain or "[]",
            leave_on_mismatch=self.leave_on_mismatch,
            unique_field=self.unique_field_name or None,  # of a field that is lost, too
            steps={activity.id: activity._to_step() for activity in activities},
            model_name=self.model_name,
            entries=tuple(entry._to_entry() for entry in self.entry_ids),
            **{fname: self[fname] for fname in self._get_reentry_fields()},
            sending_calendar_id=self.sending_calendar_id.id or None,
            tz_mode=self.tz_mode,
            **self._get_goal_values(),
        )
        return workflow.with_edges(
            edge for activity in activities for edge in activity._ask_type("find_edges", default=())
        )

    @api.private
    def _get_workflow(self):
        """Return the workflow that runs: as it was at the last Start or Update. That of a test is the present one."""
        self.ensure_one()
        if test_run(self.env):
            return self._build_workflow()
        # A batch asks many times, and Odoo copies what JSON holds each time: read once for what is in its cache.
        workflows = self.env.cr.cache.setdefault(WORKFLOWS_KEY, {})
        kept, workflow = workflows.get(self.id, (None, None))
        if kept is None or kept is not self._get_cached_workflow():
            workflow = Workflow.from_json(self.workflow)
            workflows[self.id] = self._get_cached_workflow(), workflow
        return workflow

    def _get_cached_workflow(self):
        """Return the very object that Odoo has in its cache; None where it was not read yet, or has gone."""
        field = self._fields["workflow"]
        return field._get_cache(self.env).get(self.id)

    @api.private
    def _get_running_mailings(self):
        """Return what these campaigns send, whatever their activities have as a template by now.

        :return: (id of the activity, id of its mailing) of each step that sends one
        :rtype: list[tuple[int, int]]
        """
        types = self.env["marketing.activity"]._get_types()
        return [
            (step.id, step.template_id)
            for campaign in self
            for step in campaign._get_workflow().steps.values()
            if types[step.activity_type].mailing_type
        ]

    @api.private
    def _get_awaiting_steps(self):
        """Return the steps that wait for a message's acceptance.

        :return: (id of the message's activity, id of the waiting one, the event that ends its wait or None) of each
        :rtype: list[tuple[int, int, str | None]]
        """
        workflow = self._get_workflow()
        types = self.env["marketing.activity"]._get_types()
        triggers = self.env["marketing.activity"]._get_triggers()
        return [
            (step.id, child.id, triggers[child.trigger_type].event)
            for step in workflow.steps.values()
            if types[step.activity_type].sends
            for child in workflow.children(step.id)
            if child.trigger_type in triggers and triggers[child.trigger_type].waits_for_completion
        ]

    @api.private
    def _stop_for(self, reason):
        """Stop these campaigns by themselves, for a reason that their users read."""
        self.write({"state": "stopped", "stop_date": fields.Datetime.now(), "stop_reason": reason})
