"""What a campaign that runs rests on, and what somebody has changed of it since its user pressed Start or Update.

The workflow that runs is a copy. Templates and server actions are none: they are compared with what the copy says of
them whenever they are executed.

- A template's text takes effect at once. Who changed it last speaks with the rights of the campaign's user only if they
  have as many; else it is rendered with theirs, until an Update. Where they have too few for that, the campaign stops.
- Whom a template is for, and its type, cannot change: the ids of its participants are those of another model's records.
- A server action, and the settings of a template, take effect at Update: until then the step waits, and nothing else.
"""

from odoo import _, api, models

from ...engine.context import test_run
from ...engine.errors import CampaignStop


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.private
    def _get_target(self):
        """Return the name of the model whose records this campaign is for: as it was at the last Start or Update."""
        self.ensure_one()
        if self.workflow or test_run(self.env):
            return self._get_workflow().model_name or self.model_name
        return self.model_name

    @api.private
    def _get_rests(self):
        """Return what the steps rest on now, as ``Workflow.rests`` keeps it."""
        rests = self.marketing_activity_ids._get_rests()
        return {str(activity.id): rest for activity, rest in rests.items()}

    @api.private
    def _get_waiting_changes(self):
        """Return in words what was changed, or is gone, and waits for an Update."""
        changes = [words for words, waits in self._compare_rests() if waits]
        losses = {}
        for name, activities in self.marketing_activity_ids.grouped("activity_type").items():
            find_losses = getattr(activities, f"_find_losses_{name}", None)
            losses |= find_losses() if find_losses else {}
        changes += [words for activity in self.marketing_activity_ids for words in losses.get(activity, [])]
        return changes

    @api.private
    def _get_changes(self):
        """Return in words what has changed since the last Start or Update.

        :rtype: list[str]
        """
        self.ensure_one()
        if not self.workflow:
            return []
        old, new = self._get_workflow().get_effective(), self._build_workflow().get_effective()
        changes = []
        if old.domain != new.domain:
            changes.append(_("The filter was changed."))
        if old.leave_on_mismatch != new.leave_on_mismatch:
            changes.append(_("“Leave on Mismatch” was changed."))
        if old.unique_field != new.unique_field:
            changes.append(_("The field that unicity is based on was changed."))
        changes += self._describe_reentry_changes(old, new) + self._describe_sending_changes(old, new)
        changes += self._describe_goal_changes(old, new)
        for activity in self.marketing_activity_ids:
            step = old.steps.get(activity.id)
            if not step:
                changes.append(_("The activity “%s” is new.", activity.name))
            elif step != new.steps[activity.id]:
                changes += activity._describe_step_changes(step, new.steps[activity.id])
        removed = self.env["marketing.activity"].browse(sorted(set(old.steps) - set(new.steps))).exists()
        changes += [_("The activity “%s” was removed.", activity.name) for activity in removed]
        return changes + [words for words, _waits in self._compare_rests()]

    def _get_missing_placeholder_errors(self):
        return [
            _(
                "“%(mailing)s” has the placeholder “%(name)s”, but “%(model)s” has no such field.",
                mailing=mailing.display_name,
                name=f"object.{name}",
                model=mailing.mailing_model_id.name,
            )
            for mailing in self.marketing_activity_ids.mass_mailing_id.sudo()
            for name in mailing._get_missing_placeholders()
        ]

    def _compare_rests(self):
        """Return what the steps of what runs rest on and was changed.

        :return: in words, and whether that waits for an Update, of each change
        :rtype: list[tuple[str, bool]]
        """
        workflow = self._get_workflow()
        if not workflow.rests:
            return []
        activities = self.marketing_activity_ids.filtered(
            # another template or action is a change of the activity
            lambda activity: (
                str(activity.id) in workflow.rests
                and activity.id in workflow.steps
                and activity._get_template_id() == workflow.steps[activity.id].template_id
            )
        )
        current = activities._get_rests()
        changes = {}
        for activity in activities:
            approved = workflow.rests[str(activity.id)]
            if current.get(activity) != approved:
                changes.update(activity._describe_changes(approved, current[activity]))
        return list(changes.items())

    def _is_as_powerful(self, user, other):
        """Tell whether a user has, in this campaign's company, at least the rights of another."""
        companies = self.company_id or other.company_ids
        return (
            user._is_superuser()
            or user == other
            or (other.all_group_ids <= user.all_group_ids and companies <= user.company_ids)
        )

    def _get_env_of_editor(self, mailing):
        """Return the environment in which a template is rendered that was changed while the campaign runs.

        :raise CampaignStop: where who changed it may not do what the campaign does
        """
        run_as, editor = self._get_run_user(), mailing._get_marketing_editor()
        if (editor.active or editor._is_superuser()) and self._is_as_powerful(editor, run_as):
            return self._get_run_env()
        problem = self._get_run_problem(editor, self._get_target())
        if problem:
            raise CampaignStop(
                _(
                    "“%(template)s” was changed by %(user)s while the campaign ran. %(problem)s Look at the template, "
                    "then start the campaign again: it is sent with your rights then.",
                    template=mailing.sudo().display_name,
                    user=editor.name,
                    problem=problem,
                )
            )
        return self._get_env_of(editor)
