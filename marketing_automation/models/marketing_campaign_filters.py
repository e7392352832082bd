"""How the filters of a campaign and of its activities are read, checked, combined and applied."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.safe_eval import datetime as safe_datetime
from odoo.tools.safe_eval import dateutil as safe_dateutil
from odoo.tools.safe_eval import safe_eval

from ..workflow import asks_for_something
from .marketing_campaign import CampaignStop


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

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
        parts = [text.strip()[1:-1].strip().rstrip(",") for text in texts if asks_for_something(text)]
        if not parts:
            return "[]"
        try:
            return repr(list(Domain.AND([Domain(safe_eval(f"[{part}]")) for part in parts])))
        except Exception:  # an expression: shown as it is written
            return f"[{', '.join(parts)}]"

    @api.private
    def _filter_res_ids(self, env, res_ids, filters, within="[]"):
        """Return those of the records that match all filters, as the campaign's user sees them.

        :param env: see :meth:`_get_run_env`
        :param list filters: texts of domains
        :param str within: the filter of the audience that they belong to; archived records are out unless it, or
            one of the others, speaks of them
        :rtype: set[int]
        :raise CampaignStop: when a filter cannot be read
        """
        if not res_ids:
            return set()
        try:
            domains = [self._parse_filter(text, env) for text in filters]
            model = env[self.model_name]
            audience = self._parse_filter(within, env).iter_conditions()
            asked_for = any(condition.field_expr == model._active_name for condition in audience)
            domain = Domain.AND([[("id", "in", list(set(res_ids)))], *domains])
            return set(model._search(domain, active_test=not asked_for))
        except (ValueError, UserError) as error:
            raise CampaignStop(_("A filter cannot be read: %s", error)) from error
