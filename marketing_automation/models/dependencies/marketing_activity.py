from odoo import _, api, models
from odoo.tools import format_date

from ...engine.context import test_run
from ...engine.errors import CampaignStop, StepHeld
from ...engine.workflow import has_conditions


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.private
    def _get_rests(self):
        """Return what these activities rest on beyond their own fields, by activity: of other templates than mailings
        by the methods ``_find_rests_<type>`` of their types.

        :return: of each what JSON can hold; a change of it is told by :meth:`_describe_changes`
        :rtype: dict
        """
        types = self._get_types()
        by_mailing = self.filtered(
            lambda activity: types[activity.activity_type].mailing_type and activity.mass_mailing_id
        )
        mailings = by_mailing.mass_mailing_id.sudo()._get_marketing_rests() if by_mailing else {}
        rests = {activity: mailings[activity.mass_mailing_id.id] for activity in by_mailing}
        for name, activities in self.grouped("activity_type").items():
            find_rests = getattr(activities, f"_find_rests_{name}", None)
            rests |= find_rests() if find_rests else {}
        return rests

    @api.private
    def _describe_step_changes(self, old, new):
        """Return in words what of this activity has changed since the last Start or Update.

        Of its settings by the method ``_compare_<type>``, where its type has one, else by ``_phrase_<type>``.

        :param Step old: what runs
        :param Step new: as it is now
        :rtype: list[str]
        """
        self.ensure_one()
        changes, unsaid = [], False
        if old.activity_type == new.activity_type and old.said != new.said:
            changes = self._ask_type("compare", old.settings) or self._compare_phrases(old)
            unsaid = not changes
        changes += self._compare_own(old, new)
        if unsaid or not changes:
            changes = [_("The activity “%s” was changed.", self.name), *changes]
        return changes

    def _compare_phrases(self, old):
        """Return in words what a step did before and what it does now, as a list; empty where no words differ."""
        return self._tell_change(self._get_phrase(old), self._get_phrase())

    def _compare_own(self, old, new):
        """Return in words what has changed of a step that each type has: what it runs, when and for whom.

        :rtype: list[str]
        """
        pairs = [
            (self._get_template_words(old), self._get_template_words(new)),
            *((tell(old), tell(new)) for tell in (self._get_timing_of, self._get_filter_of, self._get_expiry_of)),
            (self._get_hours_words_of(old), self._get_hours_words_of(new)),
            (self._get_best_time_words_of(old), self._get_best_time_words_of(new)),
        ]
        pairs = [(before, now) for before, now in pairs if before != now]
        return self._tell_change(*("; ".join(words) for words in zip(*pairs, strict=True))) if pairs else []

    def _tell_change(self, before, now):
        if not before or not now or before == now:
            return []
        return [
            _(
                "“%(activity)s” was changed. Before: %(before)s. Now: %(now)s.",
                activity=self.name,
                before=before,
                now=now,
            )
        ]

    def _get_template_words(self, step):
        """Return what a step executes, as a person reads it; nothing where it has no template."""
        described = self._get_types()[step.activity_type]
        label = dict(self._fields["activity_type"]._description_selection(self.env)).get(step.activity_type)
        label = label or step.activity_type
        if not described.template:
            return label
        template = self.env[self._fields[described.template].comodel_name].sudo(False).browse(step.template_id or [])
        name = template.exists()._filtered_access("read").display_name
        return _("%(type)s “%(name)s”", type=label, name=name or "…")

    def _get_timing_of(self, step):
        """Return when a step runs, in words."""
        values = {
            "parent_id": step.parent_id or False,
            "trigger_type": step.trigger_type,
            "interval_number": step.interval_number,
            "interval_type": step.interval_type,
            "bounce_type": step.bounce_type,
            "link_filter": step.link_filter or False,
            "at_time": step.time_of_day is not None,
            "time_of_day": step.time_of_day or 0.0,
            "branch_id": int(step.branch) if step.branch and step.branch.isdecimal() else False,
        }
        return self.new(values, origin=self)._get_timing_label()

    def _get_filter_of(self, step):
        if not has_conditions(step.domain):
            return _("for all records")
        return _("only for records with: %s", self.campaign_id._describe_filter(step.domain) or step.domain)

    def _get_expiry_of(self, step):
        if not step.validity_type:
            return _("without an expiry")
        return _("expires after %s", self._get_duration_label(step.validity_number, step.validity_type))

    @api.private
    def _describe_changes(self, approved, current):
        """Return in words what of its template or server action was changed, and whether that waits for an Update.

        :param dict approved: what it rested on at the last Start or Update
        :param dict current: what it rests on now, see :meth:`_get_rests`
        :rtype: dict[str, bool]
        """
        self.ensure_one()
        if not self._get_type().mailing_type:
            return self._ask_type("find_changes", approved, current, default={})
        changes = {}
        mailing = self.mass_mailing_id
        editor = mailing._get_marketing_editor()
        names = {"template": mailing.display_name, "user": editor.name, "date": self._format_edit_date(mailing)}
        waits = not self.campaign_id._is_as_powerful(editor, self.campaign_id.sudo().run_as_id)
        if current["text"] != approved["text"]:
            changes[_("The text of “%(template)s” was changed by %(user)s on %(date)s.", **names)] = waits
        files, before = current["files"], approved["files"]
        for file_id in sorted({*files, *before}, key=int):
            if files.get(file_id) == before.get(file_id):
                continue
            names["file"] = (files.get(file_id) or before[file_id])[0]
            if file_id not in files:
                words = _("The file “%(file)s” of “%(template)s” was removed.", **names)
            elif file_id not in before:
                words = _("The file “%(file)s” was added to “%(template)s”.", **names)
            else:
                words = _("The file “%(file)s” of “%(template)s” was changed.", **names)
            changes[words] = waits
        if any(current[key] != approved[key] for key in ("model", "type")):
            changes[_("The recipients or the type of “%(template)s” were changed.", **names)] = True
        if current["settings"] != approved["settings"]:
            changes[_("The settings of “%(template)s” were changed.", **names)] = True
        return changes

    def _format_edit_date(self, mailing):
        mailing = mailing.sudo()
        return format_date(self.env, mailing.marketing_edit_date or mailing.write_date)

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.private
    def _check_not_held(self):
        """Have a step wait for an Update whose template or server action was changed, or lost what it sets or sends.

        :raise StepHeld:
        :raise CampaignStop: as :meth:`_get_mailing_to_send`
        """
        step = self._get_running_step()
        if test_run(self.env):
            return
        types = self._get_types()
        if types[step.activity_type].mailing_type:
            self._get_mailing_to_send()
        find_hold = getattr(self, f"_find_hold_{step.activity_type}", None)
        reason = find_hold and find_hold(step, self.campaign_id._get_workflow().rests.get(str(self.id)))
        if reason:
            raise StepHeld(reason, self.id)

    @api.private
    def _get_mailing_to_send(self):
        """Return the template that this step sends, in the environment in which it is rendered.

        :raise CampaignStop: where it is not what it was when the campaign's user saw it, and no longer can be sent
        """
        campaign, step = self.campaign_id, self._get_running_step()
        env = campaign._get_run_env()
        mailing = env["mailing.mailing"].browse(step.template_id)
        current = mailing.sudo()._get_marketing_rests().get(mailing.id)
        mailing_type = self._get_types()[step.activity_type].mailing_type
        if not current or (current["model"], current["type"]) != (campaign._get_target(), mailing_type):
            # the ids of the participants are those of other records there
            raise CampaignStop(
                _(
                    "The template of “%s” is for other recipients, or of another type, than the activity. Give the "
                    "activity another template.",
                    self.name,
                )
            )
        approved = not test_run(self.env) and campaign._get_workflow().rests.get(str(self.id))
        if not approved or current == approved:
            return mailing
        if current["settings"] != approved["settings"]:
            raise StepHeld(
                _("The settings of “%s” were changed: its step waits for an Update.", mailing.sudo().display_name),
                self.id,
            )
        return mailing.with_env(campaign._get_env_of_editor(mailing))
