"""As whom a campaign runs, and all that keeps it from running."""

from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from ...engine.context import test_run
from ...engine.errors import CampaignStop


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

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
            errors += activity._get_start_errors() or ([] if problem else activity._get_user_errors(user))
        errors += self._find_entry_errors(user) + self._find_sending_errors(user)
        errors += self._find_goal_errors()
        errors += self._get_placeholder_errors(user)
        errors += self._get_missing_placeholder_errors()
        return errors + self._get_unicity_errors()

    def _get_run_problem(self, user, model_name=None):
        """Return in words what keeps a user from being the one as whom this campaign runs, or None.

        :param user: res.users
        :param str model_name: the target; by default the one that Start would take
        """
        model_name = model_name or self.model_name
        if model_name not in self.env:
            gone = model_name or "-"
            return _("Its target “%s” no longer exists: the addon that brings it was uninstalled.", gone)
        if not user.active or user._is_superuser() or not user._is_internal():
            return _("A campaign cannot run as “%s”: the user is archived, external or the system's own.", user.name)
        if self.company_id and self.company_id not in user.company_ids:
            return _("%(user)s does not work for %(company)s.", user=user.name, company=self.company_id.name)
        if not self._get_env_of(user)[model_name].has_access("read"):
            target = self.env["ir.model"].sudo()._get(model_name).name
            return _("%(user)s may not read “%(model)s”.", user=user.name, model=target)
        return None

    def _get_placeholder_errors(self, user):
        """Odoo renders what goes beyond simple placeholders with the rights of a template editor alone."""
        if user._is_admin() or user.has_group("mail.group_mail_template_editor"):
            return []
        return [
            _(
                "“%(mailing)s” has placeholders that %(user)s may not use. "
                "Take them out, or ask your administrator to make %(user)s a template editor.",
                mailing=mailing.display_name,
                user=user.name,
            )
            for mailing in self.marketing_activity_ids.mass_mailing_id
            if mailing._has_unsafe_expression()
        ]

    def _get_filter_errors(self, user):
        errors = []
        env = self._get_env_of(user)
        model = env[self.model_name]
        filters = {_("Its filter"): self.domain, **self._get_goal_filters()}
        for activity in self.marketing_activity_ids:
            filters[_("The filter of “%s”", activity.name)] = activity.activity_domain
            filters |= activity._ask_type("find_filters", default={})
        for label, text in filters.items():
            try:
                domain = self._parse_filter(text, env)
                self._check_references(model, domain)
                model._search(domain)
            except (AccessError, ValueError, UserError) as error:
                errors.append(_("%(label)s cannot be read: %(error)s", label=label, error=error))
        return errors

    def _get_env_of(self, user):
        """Return an environment with the rights of a user and nothing of the caller's context."""
        context = {"lang": user.lang, "tz": self.tz or user.tz}
        if self.company_id:
            context["allowed_company_ids"] = self.company_id.ids
        return api.Environment(self.env.cr, user.id, context)

    def _get_run_user(self):
        """Return the user with whose rights the campaign acts; a test acts with those of who runs it."""
        run = test_run(self.env)
        return self.env["res.users"].browse(run.uid) if run else self.run_as_id

    def _in_language_of_user(self, languages):
        """Return this campaign in the language of its user, who reads what a scheduled action keeps in words.

        :param dict languages: what a run has read of them, by campaign id; filled here
        """
        if self.id not in languages:
            languages[self.id] = self.run_as_id.lang
        return self.with_context(lang=languages[self.id])

    @api.private
    def _get_run_env(self):
        """Return the environment in which this campaign acts.

        :raise CampaignStop: when its user may no longer act
        """
        self.ensure_one()
        user = self._get_run_user()
        problem = self._get_run_problem(user, self._get_target())
        if problem:
            raise CampaignStop(problem)
        return self._get_env_of(user)
