"""How the filters of a campaign and of its activities are read, checked, combined and applied."""

import psycopg2
from pytz import UTC

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...engine.errors import CampaignStop
from ...engine.filter_text import Reader, read_filter
from ...engine.workflow import has_conditions

SHOWN = 200  # characters of a filter in a message
PLAN_LIMIT = 1_500  # milliseconds; each run of the campaign plans it again


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
        """Refuse a filter that is no domain of the target, or that PostgreSQL could not read.

        :raise ValueError:
        """
        model, domain = self.env[self.model_name].sudo(), self._parse_filter(text, self.env)
        try:
            query = model._search(domain)
            with self.env.cr.savepoint(flush=False):
                # without reading anything: a value may not suit its field, or the plan may take for ever
                self.env.cr.execute(SQL("SET LOCAL statement_timeout = %s", PLAN_LIMIT))
                self.env.cr.execute(SQL("EXPLAIN %s", query.select()), log_exceptions=False)
                self.env.cr.execute("SET LOCAL statement_timeout TO DEFAULT")
        except (UserError, ValueError):
            raise
        except psycopg2.errors.QueryCanceled as error:
            raise ValueError(_("it is too long or too complex")) from error
        except psycopg2.Error as error:
            raise ValueError(_("a value does not suit its field: %s", error.diag.message_primary)) from error
        except Exception as error:  # whatever a search on the target's fields raises
            raise ValueError(_("it cannot be searched: %s", error)) from error

    def _is_filter_of_target(self, text):
        try:
            self._parse_filter(text, self.env).validate(self.env[self.model_name].sudo())
        except Exception:  # as in _validate_filter
            return False
        return bool(text)

    @api.model
    def _parse_filter(self, text, env):
        """Return the domain that a filter's text stands for.

        :param str text: as the domain editor writes it; it may speak of ``uid`` and dates
        :param env: of the user for whom it is read
        :raise ValueError: when it is no domain
        """

        def to_utc(moment):
            return env.tz.localize(moment).astimezone(UTC).replace(tzinfo=None)

        def today():
            return fields.Date.context_today(env["res.users"])

        reader = Reader(env.uid, today, fields.Datetime.now, to_utc)
        try:
            return Domain(read_filter(text, reader))
        except Exception as error:  # whatever Odoo says of a domain
            shown = text if isinstance(text, str) and len(text) <= SHOWN else f"{str(text)[:SHOWN]}…"
            raise ValueError(_("“%(text)s” is no filter (%(error)s)", text=shown, error=error)) from error

    @api.model
    def _combine_filters(self, texts):
        """Return the text of a domain that is the conjunction of others, for display."""
        parts = [text.strip()[1:-1].strip().rstrip(",") for text in texts if has_conditions(text)]
        if not parts:
            return "[]"
        try:
            return repr(list(Domain.AND([Domain(read_filter(f"[{part}]", None)) for part in parts])))
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
        return set(self._get_filter_query(env, filters, within, Domain("id", "in", list(set(res_ids)))))

    @api.private
    def _get_filter_query(self, env, filters, within="[]", among=Domain.TRUE):
        """Return the query of the records that match all filters, as the campaign's user sees them.

        :param Domain among: which records
        :return: odoo.tools.Query; for the rest see :meth:`_filter_res_ids`
        """
        try:
            domains = [self._parse_filter(text, env) for text in filters]
            model = env[self._get_target()]
            audience = self._parse_filter(within, env).iter_conditions()
            asked_for = any(condition.field_expr == model._active_name for condition in audience)
            self._check_references(model, Domain.AND(domains))
            return model._search(Domain.AND([among, *domains]), active_test=not asked_for)
        except (ValueError, UserError) as error:
            raise CampaignStop(_("A filter cannot be read: %s", error)) from error
