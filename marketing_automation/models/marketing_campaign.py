from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.safe_eval import datetime as safe_datetime
from odoo.tools.safe_eval import dateutil as safe_dateutil
from odoo.tools.safe_eval import safe_eval

from ..workflow import Workflow

# What the engine and the buttons write: a user who could write them would take another's rights.
ENGINE_FIELDS = {
    "last_sync_date",
    "run_as_id",
    "state",
    "stop_date",
    "stop_reason",
    "tz",
    "utm_campaign_id",
    "workflow",
}
UNIQUE_FIELD_TYPES = ("char", "integer", "selection", "many2one")


class CampaignStop(Exception):
    """A campaign cannot go on; the message says why, for its users."""


class MarketingCampaign(models.Model):
    """A workflow that is run for a target audience."""

    _name = "marketing.campaign"
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
        help="With whose rights the campaign acts: whoever last pressed Start or Update.",
    )
    company_id = fields.Many2one("res.company", index=True)
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
        domain=[("is_marketing_target", "=", True)],
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
        string="Unicity based on",
        compute="_compute_unique_field_id",
        store=True,
        readonly=False,
        ondelete="set null",
        domain=f"""[('model_id', '=', model_id), ('ttype', 'in', {UNIQUE_FIELD_TYPES}), ('store', '=', True),
                    ('translate', '=', False), ('company_dependent', '=', False)]""",
        help="Of the records that share a value of this field, one is enrolled: the oldest.",
    )
    leave_on_mismatch = fields.Boolean(
        string="Leave on Mismatch",
        default=True,
        help="Whether a participant whose record no longer matches the filter leaves the campaign.",
    )
    marketing_activity_ids = fields.One2many("marketing.activity", "campaign_id", string="Activities", copy=False)
    participant_ids = fields.One2many("marketing.participant", "campaign_id", string="Participants", copy=False)
    mailing_ids = fields.One2many("mailing.mailing", "marketing_campaign_id", string="Templates", copy=False)
    workflow = fields.Json(
        readonly=True, copy=False, help="What runs: the workflow as it was at the last Start or Update."
    )
    last_sync_date = fields.Datetime(string="Last Enrolment", readonly=True, copy=False)
    require_sync = fields.Boolean(string="Workflow Modified", compute="_compute_require_sync")
    running_participant_count = fields.Integer(string="Running", compute="_compute_participant_counts")
    completed_participant_count = fields.Integer(string="Completed", compute="_compute_participant_counts")
    total_participant_count = fields.Integer(string="# Participants", compute="_compute_participant_counts")
    test_participant_count = fields.Integer(string="Tests", compute="_compute_participant_counts")
    link_tracker_click_count = fields.Integer(string="Clicks", compute="_compute_link_tracker_click_count")
    mailing_count = fields.Integer(string="Templates Count", compute="_compute_mailing_count")
    error_count = fields.Integer(string="Errors", compute="_compute_error_count")

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
            campaign.require_sync = running and campaign._build_workflow().to_json() != campaign.workflow

    def _compute_participant_counts(self):
        counts = {}
        if self.ids:
            self.env["marketing.participant"].flush_model()
            rows = self.env.execute_query(
                SQL(
                    """SELECT campaign_id, state, is_test, count(*) FROM marketing_participant
                        WHERE campaign_id = ANY(%s) GROUP BY campaign_id, state, is_test""",
                    self.ids,
                )
            )
            for campaign_id, state, is_test, count in rows:
                counts[campaign_id, state, bool(is_test)] = count
        for campaign in self:
            real = {state: counts.get((campaign.id, state, False), 0) for state in ("running", "completed", "unlinked")}
            campaign.running_participant_count = real["running"]
            campaign.completed_participant_count = real["completed"]
            campaign.total_participant_count = sum(real.values())
            campaign.test_participant_count = sum(counts.get((campaign.id, state, True), 0) for state in real)

    def _compute_link_tracker_click_count(self):
        """Clicks that people made on the links of this campaign's mails, tests excepted."""
        counts = {}
        if self.ids:
            counts = dict(
                self.env.execute_query(
                    SQL(
                        """
                        SELECT m.marketing_campaign_id, count(*)
                          FROM link_tracker_click c
                          JOIN mailing_mailing m ON m.id = c.mass_mailing_id
                     LEFT JOIN mailing_trace r ON r.id = c.mailing_trace_id
                     LEFT JOIN marketing_trace t ON t.id = r.marketing_trace_id
                         WHERE m.marketing_campaign_id = ANY(%s) AND t.is_test IS NOT TRUE
                      GROUP BY m.marketing_campaign_id
                        """,
                        self.ids,
                    )
                )
            )
        for campaign in self:
            campaign.link_tracker_click_count = counts.get(campaign.id, 0)

    def _compute_mailing_count(self):
        counts = dict(
            self.env["mailing.mailing"]._read_group(
                [("marketing_campaign_id", "in", self.ids)], ["marketing_campaign_id"], ["__count"]
            )
        )
        for campaign in self:
            campaign.mailing_count = counts.get(campaign, 0)

    def _compute_error_count(self):
        counts = dict(
            self.env["marketing.trace"]._read_group(
                [("campaign_id", "in", self.ids), ("state", "=", "error"), ("is_test", "!=", True)],
                ["campaign_id"],
                ["__count"],
            )
        )
        for campaign in self:
            campaign.error_count = counts.get(campaign, 0)

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_engine_fields(vals)
        campaigns = super().create(vals_list)
        for campaign in campaigns.filtered(lambda campaign: not campaign.utm_campaign_id):
            utm_campaign = (
                self.env["utm.campaign"]
                .sudo()
                .create(
                    {
                        "title": campaign.name,
                        "name": campaign.name,
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
        return copies

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for campaign, vals in zip(self, vals_list, strict=True):
                vals["name"] = _("%s (copy)", campaign.name)
        return vals_list

    def _copy_workflow_to(self, new_campaign):
        copies = {}
        waiting = self.marketing_activity_ids
        while waiting:
            ready = waiting.filtered(lambda activity: not activity.parent_id or activity.parent_id.id in copies)
            for activity in ready:
                copies[activity.id] = activity._copy_to(new_campaign, copies.get(activity.parent_id.id))
            if not ready:  # below an archived activity
                break
            waiting -= ready

    def write(self, vals):
        self._check_engine_fields(vals)
        if vals.get("model_id"):
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
        if vals.get("active") is False:
            self.filtered(lambda campaign: campaign.state == "running").action_stop_campaign()
        return super().write(vals)

    def _check_engine_fields(self, vals):
        """Leave to Start, Stop and Update what is theirs.

        :raise AccessError: also where the value is the present or the default one
        """
        forbidden = ENGINE_FIELDS & set(vals)
        if forbidden and not self.env.su:
            raise AccessError(
                _(
                    "%s of a campaign cannot be written: use the buttons Start, Stop and Update.",
                    ", ".join(self._fields[fname]._description_string(self.env) for fname in sorted(forbidden)),
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
        self.env["marketing.trace.event"].sudo().search([("campaign_id", "in", self.ids)]).unlink()
        self.sudo().participant_ids.unlink()
        res = super().unlink()
        utm_campaigns.filtered("is_auto_campaign").active = False
        return res

    # ------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------

    def action_start_campaign(self):
        """Start the campaign: check it, fix its workflow, rights and zone, and enrol.

        :raise UserError: naming everything that is wrong with it
        """
        for campaign in self:
            campaign.check_access("write")
            run_as = campaign._get_run_as_candidate()
            campaign._check_can_run(run_as)
            values = {
                "state": "running",
                "stop_date": False,
                "stop_reason": False,
                "run_as_id": run_as.id,
                "tz": campaign._get_tz(),
            }
            campaign.sudo().write(values)
            campaign.sudo()._put_workflow_to_work("skip")
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

    def action_view_participants(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        return dict(action, domain=[("campaign_id", "=", self.id), ("is_test", "=", False)], context={})

    def action_view_templates(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.mailing_mailing_action_template")
        return dict(action, domain=[("marketing_campaign_id", "=", self.id)])

    def action_view_clicks(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.link_tracker_click_action")
        domain = [
            ("mass_mailing_id.marketing_campaign_id", "=", self.id),
            ("mailing_trace_id.marketing_trace_id.is_test", "!=", True),
        ]
        return dict(action, name=_("Clicks"), domain=domain)

    def action_view_errors(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_trace_action_list")
        domain = [("campaign_id", "=", self.id), ("state", "=", "error"), ("is_test", "=", False)]
        return dict(action, name=_("Errors"), domain=domain, context={}, views=[(False, "list"), (False, "form")])

    # ------------------------------------------------------------
    # Checks and rights
    # ------------------------------------------------------------

    def _get_tz(self):
        """Return the zone of the campaign's wall clock: fixed at Start, until then the one that Start would fix."""
        return self.tz or self.user_id.tz or (self.company_id or self.env.company).partner_id.tz or "UTC"

    def _get_run_as_candidate(self):
        """Return the user with whose rights the campaign is to run: the one who asks for it.

        The superuser account, as which data files and scheduled actions work, never is; it
        has every right, and hands over to the responsible, else to the administrator.
        """
        self.ensure_one()
        if not self.env.user._is_superuser():
            return self.env.user
        for user in (self.user_id, self.env.ref("base.user_admin", raise_if_not_found=False)):
            if user and user.active and user._is_internal() and not user._is_superuser():
                return user
        return self.env.user

    def _check_can_run(self, user):
        """Refuse to run what could not work, naming everything that is wrong.

        :param user: with whose rights the campaign would run
        :raise UserError:
        """
        errors = self._get_run_errors(user)
        if errors:
            raise UserError(
                _("The campaign “%s” cannot run:", self.name) + "\n" + "\n".join(f"- {error}" for error in errors)
            )

    def _get_run_errors(self, user):
        """Return in words all that keeps the campaign from running.

        :param user: with whose rights it would run
        :rtype: list[str]
        """
        self.ensure_one()
        errors = []
        if not self.active:
            errors.append(_("It is archived."))
        problem = self._get_run_problem(user)
        errors += [problem] if problem else self._get_filter_errors(user)
        activities = self.marketing_activity_ids
        if not activities.filtered(lambda activity: not activity.parent_id):
            errors.append(_("Its workflow is empty: add an activity."))
        for activity in activities:
            errors += activity._get_start_errors()
        return errors + self._get_placeholder_errors(user)

    def _get_placeholder_errors(self, user):
        """Odoo renders what goes beyond simple placeholders with the rights of a template editor alone."""
        if user._is_admin() or user.has_group("mail.group_mail_template_editor"):
            return []
        return [
            _(
                "“%(mailing)s” has placeholders that %(user)s may not use. "
                "Take them out, or ask your administrator to make %(user)s a template editor.",
                mailing=mailing.subject,
                user=user.name,
            )
            for mailing in self.marketing_activity_ids.mass_mailing_id
            if mailing._has_unsafe_expression()
        ]

    def _get_filter_errors(self, user):
        errors = []
        env = self._get_env_of(user)
        model = env[self.model_name]
        filters = {_("Its filter"): self.domain}
        for activity in self.marketing_activity_ids:
            filters[_("The filter of “%s”", activity.name)] = activity.activity_domain
        for label, text in filters.items():
            try:
                model._search(self._parse_filter(text, env))
            except (AccessError, ValueError, UserError) as error:
                errors.append(_("%(label)s cannot be read: %(error)s", label=label, error=error))
        return errors

    def _check_filter(self, text, label):
        """Refuse a filter that is no domain, or not one of the target.

        :param str text: the domain, as the domain editor writes it
        :param str label: what the filter is, for the message
        :raise ValidationError:
        """
        self.ensure_one()
        if self.model_name not in self.env:
            return
        try:
            self._validate_filter(text)
        except (ValueError, UserError) as error:
            raise ValidationError(
                _("Campaign “%(campaign)s”, %(label)s: %(error)s", campaign=self.name, label=label, error=error)
            ) from error

    def _validate_filter(self, text):
        self._parse_filter(text, self.env).validate(self.env[self.model_name].sudo())

    def _is_filter_of_target(self, text):
        try:
            self._validate_filter(text)
        except (KeyError, ValueError, UserError):
            return False
        return bool(text)

    @api.model
    def _parse_filter(self, text, env):
        """Return the domain that a filter's text stands for.

        :param str text: as the domain editor writes it; it may speak of ``uid`` and dates
        :param env: of the user for whom it is read
        :raise ValueError: when it is no domain
        """
        try:
            value = safe_eval(
                text or "[]",
                {
                    "uid": env.uid,
                    "context_today": lambda: fields.Date.context_today(env["res.users"]),
                    "datetime": safe_datetime,
                    "relativedelta": safe_dateutil.relativedelta.relativedelta,
                },
            )
            if not isinstance(value, (list, tuple)):
                raise TypeError(_("a filter is a list of conditions"))
            return Domain(value)
        except Exception as error:  # whatever the text raises
            raise ValueError(_("“%(text)s” is no filter (%(error)s)", text=text, error=error)) from error

    @api.model
    def _combine_filters(self, texts):
        """Return the text of a domain that is the conjunction of others, for display."""
        parts = [text.strip()[1:-1].strip().rstrip(",") for text in texts if text and text.strip() not in ("[]", "()")]
        if not parts:
            return "[]"
        try:
            return repr(list(Domain.AND([Domain(safe_eval(f"[{part}]")) for part in parts])))
        except Exception:  # an expression: shown as it is written
            return f"[{', '.join(parts)}]"

    def _get_env_of(self, user):
        """Return an environment with the rights of a user and nothing of the caller's context."""
        context = {"lang": user.lang, "tz": self.tz or user.tz}
        if self.company_id:
            context["allowed_company_ids"] = self.company_id.ids
        return api.Environment(self.env.cr, user.id, context)

    def _get_run_user(self):
        """Return the user with whose rights the campaign acts."""
        return self.run_as_id

    @api.private
    def _get_run_env(self):
        """Return the environment in which this campaign acts.

        :raise CampaignStop: when its user may no longer act
        """
        self.ensure_one()
        user = self._get_run_user()
        problem = self._get_run_problem(user)
        if problem:
            raise CampaignStop(problem)
        return self._get_env_of(user)

    def _get_run_problem(self, user):
        """Return in words what keeps a user from being the one as whom this campaign runs, or None."""
        target = self.model_id.sudo().name
        if self.model_name not in self.env:
            gone = self.model_name or "-"
            return _("Its target “%s” no longer exists: the addon that brings it was uninstalled.", gone)
        if not user.active or user._is_superuser() or not user._is_internal():
            return _("A campaign cannot run as “%s”: the user is archived, external or the system's own.", user.name)
        if self.company_id and self.company_id not in user.company_ids:
            return _("%(user)s does not work for %(company)s.", user=user.name, company=self.company_id.name)
        if not self._get_env_of(user)[self.model_name].has_access("read"):
            return _("%(user)s may not read “%(model)s”.", user=user.name, model=target)
        return None

    @api.private
    def _filter_res_ids(self, env, res_ids, filters):
        """Return those of the records that match all filters, as the campaign's user sees them.

        :param env: see :meth:`_get_run_env`
        :param list filters: texts of domains
        :rtype: set[int]
        :raise CampaignStop: when a filter cannot be read
        """
        if not res_ids:
            return set()
        try:
            domains = [self._parse_filter(text, env) for text in filters]
            query = env[self.model_name]._search(Domain.AND([[("id", "in", list(set(res_ids)))], *domains]))
            return set(query)
        except (ValueError, UserError) as error:
            raise CampaignStop(_("A filter cannot be read: %s", error)) from error

    # ------------------------------------------------------------
    # Workflow
    # ------------------------------------------------------------

    @api.model
    def _get_workflow_fields(self):
        """Return the paths of the fields on which it depends whether Update is needed."""
        step_fields = self.env["marketing.activity"]._get_step_fields()
        return [
            *("state", "workflow", "domain", "unique_field_id", "leave_on_mismatch"),
            *(f"marketing_activity_ids.{fname}" for fname in step_fields),
        ]

    @api.private
    def _build_workflow(self):
        """Return the workflow as the activities describe it now.

        :rtype: odoo.addons.marketing_automation.workflow.Workflow
        """
        self.ensure_one()
        return Workflow(
            domain=self.domain or "[]",
            leave_on_mismatch=self.leave_on_mismatch,
            unique_field=self.unique_field_id.sudo().name or None,
            steps={activity.id: activity._to_step() for activity in self.marketing_activity_ids},
        )

    @api.private
    def _get_workflow(self):
        """Return the workflow that runs: as it was at the last Start or Update."""
        self.ensure_one()
        return Workflow.from_json(self.workflow)

    @api.private
    def _get_awaiting_steps(self):
        """Return the steps that wait for a message's acceptance.

        :return: (id of the message's activity, id of the waiting one, the event that ends its wait or None) of each
        :rtype: list[tuple[int, int, str | None]]
        """
        workflow = self._get_workflow()
        message_types = self.env["marketing.activity"]._get_message_types()
        triggers = self.env["marketing.activity"]._get_triggers()
        return [
            (step.id, child.id, triggers[child.trigger_type].event)
            for step in workflow.steps.values()
            if step.activity_type in message_types
            for child in workflow.children(step.id)
            if child.trigger_type in triggers and triggers[child.trigger_type].waits_for_completion
        ]

    @api.private
    def _stop_for(self, reason):
        """Stop these campaigns by themselves, for a reason that their users read."""
        self.write({"state": "stopped", "stop_date": fields.Datetime.now(), "stop_reason": reason})
