from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import clean_context

from ...engine.context import COPY_KEY, StepCopy, lone_run
from ...engine.schedule import UNITS
from ...engine.workflow import STEPS, Step

UNIT_SELECTION = [("hours", "Hours"), ("days", "Days"), ("weeks", "Weeks"), ("months", "Months")]

assert [unit for unit, _label in UNIT_SELECTION] == list(UNITS)


class MarketingActivity(models.Model):
    """One step of a campaign's workflow.

    A companion addon adds a type with ``selection_add`` on ``activity_type`` and two methods:
    ``_describe_type_<type>()``, which says all that others ask of it, its triggers too, and
    ``_execute_<type>(traces, now)``. See ``types/``.
    """

    _name = "marketing.activity"
    _inherit = "marketing.guard"
    _description = "Marketing Activity"
    _order = "sequence, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True, help="A removed activity that has a history is archived.")
    sequence = fields.Integer(default=10)
    campaign_id = fields.Many2one("marketing.campaign", required=True, index=True, ondelete="cascade")
    campaign_state = fields.Selection(related="campaign_id.state", string="Campaign Status")
    model_id = fields.Many2one(related="campaign_id.model_id")
    model_name = fields.Char(related="campaign_id.model_name")
    parent_id = fields.Many2one(
        "marketing.activity",
        string="Parent Activity",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('campaign_id', '=', campaign_id), ('may_be_followed', '=', True), '!', ('id', 'child_of', id)]",
    )
    child_ids = fields.One2many("marketing.activity", "parent_id", string="Child Activities")
    activity_type = fields.Selection(
        [
            ("email", "Email"),
            ("action", "Server Action"),
            ("condition", "Condition"),
            ("split", "Split"),
            ("jump", "Go to"),
            ("end", "End"),
            ("wait", "Wait"),
            ("missing", "Missing"),
        ],
        required=True,
        default="email",
        help="Missing: the addon of this activity's type was uninstalled.",
    )
    mass_mailing_id = fields.Many2one(
        "mailing.mailing", string="Mailing Template", copy=False, index="btree_not_null", ondelete="restrict"
    )
    server_action_id = fields.Many2one("ir.actions.server", copy=False, index="btree_not_null", ondelete="restrict")
    trigger_type = fields.Selection(
        [
            ("begin", "Beginning of workflow"),
            ("activity", "Another activity"),
            ("mail_open", "Mail: opened"),
            ("mail_not_open", "Mail: not opened"),
            ("mail_reply", "Mail: replied"),
            ("mail_not_reply", "Mail: not replied"),
            ("mail_click", "Mail: clicked"),
            ("mail_not_click", "Mail: not clicked"),
            ("mail_bounce", "Mail: bounced"),
            ("mail_complaint", "Mail: called spam"),
            ("mail_unsubscribe", "Mail: unsubscribed"),
            ("cond_yes", "Condition: yes"),
            ("cond_no", "Condition: no"),
            ("branch", "Split: branch"),
            ("wait_done", "Wait: done"),
            ("wait_timeout", "Wait: timeout"),
            ("missing", "Missing"),
        ],
        required=True,
        default="begin",
    )
    bounce_type = fields.Selection(
        [("any", "Any"), ("hard", "Hard: the address is wrong"), ("soft", "Soft: full, too big, out of order …")],
        string="Bounces",
        default="any",
        required=True,
        help="Which bounces start the activity. After a soft one the same address may well work again.",
    )
    interval_number = fields.Integer(string="Trigger after", default=0, required=True)
    interval_type = fields.Selection(UNIT_SELECTION, string="Unit", default="hours", required=True)
    validity_duration = fields.Boolean(
        string="Expiry Duration", help="Cancel the activity if it cannot run within a certain time after it was due."
    )
    validity_duration_number = fields.Integer(string="Cancel after", default=1)
    validity_duration_type = fields.Selection(UNIT_SELECTION, string="Expiry Unit", default="days")
    activity_domain = fields.Char(
        string="Activity Filter",
        default="[]",
        help="The activity runs only for records that match it, and the filters of the activities above it.",
    )
    domain = fields.Char(
        string="Applied Filter",
        compute="_compute_domain",
        recursive=True,
        help="The filters of this activity, of those above it and of the campaign, together.",
    )
    trace_ids = fields.One2many("marketing.trace", "activity_id", string="Traces", readonly=True)

    # ------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------

    @api.depends("activity_domain", "parent_id.domain", "campaign_id.domain", "campaign_id.leave_on_mismatch")
    def _compute_domain(self):
        for activity in self:
            domains = [activity.activity_domain]
            parent = activity.parent_id
            while parent:
                domains.append(parent.activity_domain)
                parent = parent.parent_id
            if activity.campaign_id.leave_on_mismatch:
                domains.append(activity.campaign_id.domain)
            activity.domain = activity.campaign_id._combine_filters(domains)

    # ------------------------------------------------------------
    # Onchange
    # ------------------------------------------------------------

    @api.onchange("parent_id")
    def _onchange_parent_id(self):
        if self.parent_id and self.trigger_type == "begin":
            self.trigger_type = "activity"

    @api.onchange("trigger_type")
    def _onchange_trigger_type(self):
        trigger = self._get_triggers().get(self.trigger_type)
        if trigger and not trigger.has_parent:
            self.parent_id = False
        self._propose_wait()

    @api.onchange("activity_type")
    def _onchange_activity_type(self):
        mailing_type = self._get_type().mailing_type
        if mailing_type and self.mass_mailing_id.mailing_type != mailing_type:
            self.mass_mailing_id = False

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_whole_numbers(vals)
        activities = super().create(vals_list)
        activities._adopt_mailings()
        activities._route_replies()
        return activities

    def write(self, vals):
        self._check_whole_numbers(vals)
        if "campaign_id" in vals:
            self.filtered(lambda activity: activity.campaign_id.id != vals["campaign_id"])._check_may_move()
        if "activity_type" in vals:
            self._check_may_send(vals["activity_type"])
        if not vals.get("active", True):  # what follows goes with it
            self = self.search([("id", "child_of", self.ids)]) | self
        res = super().write(vals)
        if vals.get("active"):
            self.sudo().discard_date = False  # sudo: only the engine dates it
        if {"mass_mailing_id", "campaign_id"} & set(vals):
            self._adopt_mailings()
        if {"mass_mailing_id", "trigger_type", "parent_id", "activity_type", *self._get_setting_fields()} & set(vals):
            (self | self.child_ids)._route_replies()
        return res

    def _check_may_send(self, activity_type):
        """Refuse that a step which has run, and sent nothing, becomes one that sends.

        Who is past it would wait until a message is accepted that was never made.

        :raise UserError:
        """
        self.check_access("write")
        types = self._get_types()
        changing = self.filtered(  # one whose addon was uninstalled may have sent
            lambda activity: (
                activity.activity_type != "missing" and types[activity_type].sends > types[activity.activity_type].sends
            )
        )
        past = [("activity_id", "in", changing.ids), ("state", "=", "processed"), ("is_test", "!=", True)]
        # sudo: participants of whichever company would wait
        trace = self.env["marketing.trace"].sudo().search(past, limit=1) if changing else None
        if trace:
            raise UserError(
                _(
                    "“%s” has run for participants, who would wait for its message for ever: remove it, and add a new "
                    "activity that sends one.",
                    trace.activity_id.name,
                )
            )

    def _check_may_move(self):
        """Keep in their campaign the activities that it executes, or that its participants have as a history."""
        needed = self._filter_needed()
        if needed:
            raise UserError(
                _("The activity “%s” runs, or has a history: it cannot move to another campaign.", needed[0].name)
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_needed(self):
        needed = self._filter_needed()
        if needed:
            raise UserError(
                _(
                    "The activity “%s” runs, or has a history that its participants keep: archive it instead.",
                    needed[0].name,
                )
            )

    def unlink(self):
        """Delete the activities, and those below them.

        :raise UserError: where one of them has a history
        """
        self.check_access("unlink")  # the search leaves out what the user may not see
        activities = self.with_context(active_test=False).search([("id", "child_of", self.ids)])
        events = self.env["marketing.trace.event"].sudo().search([("activity_id", "in", activities.ids)])
        res = super(MarketingActivity, activities).unlink()
        events.unlink()
        return res

    def _filter_needed(self):
        """Return those that cannot be deleted: steps of what runs, or of somebody's history."""
        history = [("activity_id", "in", self.ids), ("is_test", "!=", True)]
        with_history = dict(self.env["marketing.trace"].sudo()._read_group(history, ["activity_id"], ["__count"]))
        running = self.campaign_id.filtered(lambda campaign: campaign.state == "running" and campaign.workflow)
        steps = {step_id for campaign in running for step_id in campaign.sudo()._get_workflow().steps}
        return self.filtered(lambda activity: activity in with_history or activity.id in steps)

    def _copy_to(self, campaign, parent, executed, **values):
        """Copy this activity into a campaign, with a template and a server action of its own.

        An action that was not made for campaigns is shared, as it was; so is one that came with
        a campaign template.

        :param campaign: the other campaign, or its own
        :param parent: the copy of its parent there, or None
        :param dict executed: the copies of templates and actions that were made already, by what they are copies of
        :param values: in which the copy differs
        """
        mailing, action = self.mass_mailing_id, self.server_action_id.sudo()
        if mailing and mailing not in executed:
            executed[mailing] = mailing.copy({"subject": mailing._get_free_title(campaign)})
        if action.usage == "marketing_automation" and not action.marketing_shipped_key and action not in executed:
            executed[action] = action.with_context(clean_context(self.env.context)).copy()
        return self.with_context(**{COPY_KEY: StepCopy()}).copy(
            {
                "campaign_id": campaign.id,
                "parent_id": parent.id if parent else False,
                "branch_id": self._find_branch_in(parent).id if parent else False,
                "mass_mailing_id": executed.get(mailing, mailing).id,
                "server_action_id": executed.get(action, action).id,
                **values,
            }
        )

    def _find_branch_in(self, parent):
        """Return the branch of a copy of the activity before this one that is the copy of its own."""
        branches = self.parent_id.branch_ids.ids
        if self.branch_id.id not in branches:
            return self.branch_id.browse()
        place = branches.index(self.branch_id.id)
        return parent.branch_ids[place : place + 1]

    def _adopt_mailings(self):
        """Make the chosen templates ones of the campaign, counted by its UTM campaign.

        :raise UserError: for a mailing that somebody else prepares in Email Marketing
        """
        for activity in self.filtered("mass_mailing_id"):
            mailing, campaign = activity.mass_mailing_id, activity.campaign_id
            if mailing.marketing_campaign_id == campaign and mailing.campaign_id == campaign.utm_campaign_id:
                continue
            if not mailing.use_in_marketing_automation and not self.env.su and mailing.user_id != self.env.user:
                raise UserError(
                    _(
                        "“%(template)s” is a mailing of Email Marketing that %(user)s prepares: it cannot become the "
                        "template of “%(activity)s”. Duplicate it first.",
                        template=mailing.display_name,
                        user=mailing.user_id.name or "-",
                        activity=activity.name,
                    )
                )
            mailing.write({"use_in_marketing_automation": True, "campaign_id": campaign.utm_campaign_id.id})
            mailing.sudo().marketing_campaign_id = campaign  # the user may write both: see the checks of each
            mailing._own_files()

    # ------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------

    def action_remove(self, undoable=False):
        """Remove these activities, and those below them, from the workflow.

        Those that run, or have a history, are archived, so that it stays; the others are deleted.

        :param bool undoable: archive the others too, and delete them a day later: until then writing ``active`` takes
            them back
        :return: ids of what can be taken back
        :raise AccessError: for a user who may not write the campaigns
        """
        self.exists().check_access("unlink")
        if undoable:
            return self.exists()._discard().ids
        for activity in self.exists():
            branch = self.with_context(active_test=False).search([("id", "child_of", activity.ids)])
            if branch._filter_needed():
                activity.action_archive()
            else:
                activity.unlink()
        return []

    # ------------------------------------------------------------
    # Before it runs
    # ------------------------------------------------------------

    def _get_start_errors(self):
        """Return in words what keeps the activity from running.

        :rtype: list[str]
        """
        self.ensure_one()
        if "missing" in (self.activity_type, self.trigger_type):
            return [_("“%s” is of a type or has a trigger whose addon was uninstalled.", self.name)]
        lacking = self._get_lacking_labels()
        errors = [_("“%(activity)s” lacks %(what)s.", activity=self.name, what=what) for what in lacking]
        if not lacking and self._get_type().mailing_type:
            errors += self.mass_mailing_id._get_confirm_errors()
        return errors + self._ask_type("find_errors", default=[])

    def _get_user_errors(self, user):
        """Return in words what keeps the activity from running with the rights of a user.

        :rtype: list[str]
        """
        return self._ask_type("find_user_errors", user, default=[])

    def _get_warnings(self):
        """Return in words what may surprise the user of this activity.

        :rtype: list[str]
        """
        self.ensure_one()
        return [*self._get_wait_warnings(), *self._ask_type("find_warnings", default=[])]

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.model
    def _get_step_fields(self):
        """Return the names of the fields that :meth:`_to_step` reads."""
        return [
            *("active", "parent_id", "activity_type", "trigger_type", "interval_number", "interval_type"),
            *("validity_duration", "validity_duration_number", "validity_duration_type", "activity_domain"),
            *("bounce_type", "link_filter", "branch_id", "at_time", "time_of_day", "ignore_sending_hours"),
            "best_time",
            *self._get_setting_fields(),
        ]

    @api.private
    def _to_step(self):
        """Return what the engine needs to know of this activity.

        :rtype: odoo.addons.marketing_automation.workflow.Step
        """
        self.ensure_one()
        return Step(
            id=self.id,
            parent_id=self.parent_id.id or None,
            activity_type=self.activity_type,
            trigger_type=self.trigger_type,
            interval_number=self.interval_number,
            interval_type=self.interval_type,
            domain=self.activity_domain or "[]",
            template_id=self._get_template_id(),
            settings=self._get_settings(),
            branch=self._get_branch(),
            validity_number=self.validity_duration_number if self.validity_duration else None,
            validity_type=self.validity_duration_type if self.validity_duration else None,
            # of another trigger it says nothing
            bounce_type=self.bounce_type if self._waits_for_bounce() else "any",
            link_filter=(self._awaits_click() and self.link_filter) or None,
            time_of_day=self.time_of_day if self.at_time else None,
            ignore_sending_hours=self.ignore_sending_hours and self._get_type().sends,
            best_time=self.best_time and bool(self._get_type().mailing_type),
        )

    def _get_branch(self):
        """Return for which branch of the activity before it this is, where its trigger is about ``STEPS``.

        The method ``_branch_of_<type>`` of that activity says so.
        """
        trigger = self._get_triggers().get(self.trigger_type)
        if not trigger or trigger.branch != STEPS or not self.parent_id:
            return None
        return self.parent_id._ask_type("branch_of", self)

    def _waits_for_bounce(self):
        trigger = self._get_triggers().get(self.trigger_type)
        return bool(trigger and trigger.event == "bounce")

    @api.private
    def _execute(self, traces, now):
        """Execute this activity for a batch of traces, by the handler of its type.

        :param traces: claimed marketing.trace of this activity, one per record
        :param datetime now: UTC
        :return: outcomes as ``marketing.trace._finish`` takes them, or None when the handler
            has finished the traces itself, because what it did commits
        :raise StepHeld: when it has to wait for an Update
        """
        self.ensure_one()
        if lone_run(self.env):  # the gates were passed in another transaction
            self._check_not_held()
        handler = getattr(self, f"_execute_{self._get_running_step().activity_type}", None)
        if not handler:
            return dict.fromkeys(traces.ids, ("error", "no_handler", None))
        return handler(traces, now)

    def _get_running_step(self):
        """Return this activity as it was at the last Start or Update: what it executes until the next.

        :rtype: odoo.addons.marketing_automation.workflow.Step
        """
        self.ensure_one()
        return self.campaign_id._get_workflow().steps[self.id]

    def _get_label(self, fname):
        return dict(self._fields[fname]._description_selection(self.env)).get(self[fname], "")
