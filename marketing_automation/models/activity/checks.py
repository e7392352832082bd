"""What an activity may be: whatever cannot work is refused, naming it."""

from odoo import _, api, models
from odoo.exceptions import ValidationError

MAX_INTERVAL = 100_000  # of any unit; a mistyped number, rather than a plan, lies beyond


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.constrains("name")
    def _check_name(self):
        if any(not (activity.name or "").strip() for activity in self):
            raise ValidationError(_("An activity needs a name."))

    @api.constrains("interval_number", "validity_duration", "validity_duration_number")
    def _check_intervals(self):
        for activity in self:
            numbers = {_("Trigger after"): activity.interval_number}
            if activity.validity_duration:
                numbers[_("Cancel after")] = activity.validity_duration_number
            for label, number in numbers.items():
                if not 0 <= number <= MAX_INTERVAL:
                    raise ValidationError(
                        _(
                            "“%(label)s” of the activity “%(activity)s” is %(number)s: it must be a whole number "
                            "from 0 to %(maximum)s.",
                            label=label,
                            activity=activity.name,
                            number=number,
                            maximum=MAX_INTERVAL,
                        )
                    )

    @api.constrains("trigger_type", "parent_id", "activity_type", "campaign_id")
    def _check_trigger(self):
        if self._has_cycle():
            raise ValidationError(_("An activity cannot come after itself."))
        triggers = self._get_triggers()
        for activity in self | self.child_ids:
            trigger = triggers.get(activity.trigger_type)
            if not trigger:
                continue
            parent = activity.parent_id
            names = {"activity": activity.name, "trigger": activity._get_label("trigger_type"), "parent": parent.name}
            if trigger.has_parent and not parent:
                raise ValidationError(
                    _("The activity “%(activity)s” starts on “%(trigger)s”: choose which activity it follows.", **names)
                )
            if not trigger.has_parent and parent:
                raise ValidationError(
                    _("The activity “%(activity)s” starts the workflow: it cannot follow “%(parent)s”.", **names)
                )
            if parent and not parent.may_be_followed:
                raise ValidationError(
                    _(
                        "Nothing can follow “%(parent)s”, which is of the type %(type)s: have the activity "
                        "“%(activity)s” follow another step.",
                        type=parent._get_label("activity_type"),
                        **names,
                    )
                )
            if parent and parent.campaign_id != activity.campaign_id:
                raise ValidationError(
                    _("“%(parent)s”, which the activity “%(activity)s” follows, is of another campaign.", **names)
                )
            if parent and trigger.parent_types and parent.activity_type not in trigger.parent_types | {"missing"}:
                raise ValidationError(
                    _(
                        "“%(parent)s” is of the type %(type)s: it cannot give the trigger “%(trigger)s” of the "
                        "activity “%(activity)s”.",
                        type=parent._get_label("activity_type"),
                        **names,
                    )
                )

    @api.constrains("active", "parent_id")
    def _check_parent_is_active(self):
        for activity in self | self.child_ids:
            if activity.active and activity.parent_id and not activity.parent_id.active:
                raise ValidationError(
                    _(
                        "The activity “%(activity)s” follows “%(parent)s”, which was removed: restore that one first.",
                        activity=activity.name,
                        parent=activity.parent_id.name,
                    )
                )

    @api.constrains("activity_domain", "campaign_id")
    def _check_activity_domain(self):
        for activity in self:
            activity.campaign_id._check_filter(activity.activity_domain, _("the filter of “%s”", activity.name))

    @api.constrains("mass_mailing_id", "activity_type", "campaign_id")
    def _check_mailing(self):
        for activity in self.filtered("mass_mailing_id"):
            mailing = activity.mass_mailing_id
            names = {"activity": activity.name, "template": mailing.display_name}
            if mailing.mailing_model_real != activity.model_name:
                raise ValidationError(
                    _("The template “%(template)s” is not for the target of the activity “%(activity)s”.", **names)
                )
            if mailing.mailing_type != (activity._get_type().mailing_type or mailing.mailing_type):
                raise ValidationError(
                    _(
                        "The template “%(template)s” is of another type than the activity “%(activity)s”, which is of "
                        "the type %(type)s.",
                        type=activity._get_label("activity_type"),
                        **names,
                    )
                )
            if mailing.marketing_campaign_id and mailing.marketing_campaign_id != activity.campaign_id:
                raise ValidationError(
                    _("The template “%(template)s” of the activity “%(activity)s” is of another campaign.", **names)
                )
            if not mailing.use_in_marketing_automation and mailing.state != "draft":
                raise ValidationError(
                    _(
                        "“%(template)s” is a mailing of Email Marketing that was sent: it cannot become the template "
                        "of “%(activity)s”. Duplicate it first.",
                        **names,
                    )
                )

    @api.constrains("server_action_id", "activity_type", "campaign_id")
    def _check_server_action(self):
        for activity in self.filtered("server_action_id"):
            action = activity.server_action_id.sudo()
            if action.model_name != activity.model_name:
                raise ValidationError(
                    _(
                        "The server action “%(action)s” of the activity “%(activity)s” is for “%(model)s”, "
                        "the campaign is for “%(target)s”.",
                        action=action.name,
                        activity=activity.name,
                        model=action.model_id.name,
                        target=activity.campaign_id.model_id.sudo().name,
                    )
                )
            user = self.env.user
            if action.group_ids and not user._is_superuser() and not action.group_ids & user.all_group_ids:
                raise ValidationError(
                    _(
                        "The server action “%(action)s” is for other groups than yours; choose another for "
                        "“%(activity)s”.",
                        action=action.name,
                        activity=activity.name,
                    )
                )
            if action.usage not in ("ir_actions_server", "marketing_automation"):
                raise ValidationError(
                    _(
                        "The server action “%(action)s” belongs to something else; choose another for “%(activity)s”.",
                        action=action.name,
                        activity=activity.name,
                    )
                )

    def _check_whole_numbers(self, vals):
        """Refuse what the integer fields would silently cut off or turn into 0."""
        settings = [fname for fname in self._get_setting_fields() if self._fields[fname].type == "integer"]
        for fname in ("interval_number", "validity_duration_number", *settings):
            value = vals.get(fname, 0)
            if isinstance(value, str) and value.strip().isdecimal():  # as Odoo's import hands it over
                vals[fname] = value = int(value)
            if fname in vals and (isinstance(value, bool) or not isinstance(value, int)) and value is not False:
                raise ValidationError(
                    _(
                        "“%(label)s” must be a whole number, 0 or more: “%(value)s” is not.",
                        label=self._fields[fname]._description_string(self.env),
                        value=value,
                    )
                )
