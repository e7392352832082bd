"""The ways by which newcomers come to a message within the first hour: through steps that send nothing."""

from dataclasses import dataclass
from itertools import pairwise

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...engine.workflow import STEPS, has_conditions


@dataclass(frozen=True)
class Way:
    """How newcomers come to a step.

    :param tuple domains: what has to be true of a record, as Domain; none for all of them
    :param float share: how many of those take it, where chance decides: 0 to 1
    """

    domains: tuple = ()
    share: float = 1.0


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _foresee_way(self, step, now, until):
        """Return which newcomers come to a step until a moment, as far as it is known without executing anything.

        :param Step step: of the workflow
        :param datetime now: UTC; when they enter
        :param datetime until: UTC
        :return: None where nobody comes so soon, or nobody knows
        :rtype: Way | None
        """
        workflow, env = self._get_workflow(), self._get_run_env()
        path = [step]
        while path[0].parent_id in workflow.steps:
            path.insert(0, workflow.steps[path[0].parent_id])
        if path[0].parent_id is not None:
            return None
        domains, share = [], 1.0
        for parent, child in pairwise(path):
            own = [self._parse_filter(parent.domain, env)] if has_conditions(parent.domain) else []
            choice = self.env["marketing.activity"]._foresee_choice(parent, child, self)
            if choice is None:
                return None
            if isinstance(choice, float):
                share *= choice
                choice = Domain.TRUE
            domains += [*own, choice]
        for at in path:
            now = at.due(now, self._get_tz())
        return Way(tuple(domains), share) if now <= until else None

    def _get_way_sql(self, way):
        """Return the condition of newcomers ``n`` who go a way; see :meth:`_foresee_way`."""
        model = self._get_run_env()[self._get_target()]
        parts = [
            SQL("AND n.id IN %s", model._search(domain, active_test=False).subselect())
            for domain in way.domains
            if not domain.is_true()
        ]
        return SQL(" ").join(parts)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.model
    def _foresee_choice(self, parent, child, campaign):
        """Return who goes on from one step to another at once; None where nobody knows.

        A type that chooses branches says so by ``_foresee_<type>(step, branch, campaign)``.

        :param Step parent: of the workflow
        :param Step child: below it
        :return: which records, as a domain; or where chance decides, how many of them, from 0.0 to 1.0
        :rtype: Domain | float | None
        """
        described = self._get_types()[parent.activity_type]
        trigger = self._get_triggers().get(child.trigger_type)
        if described.sends or not trigger or trigger.event:
            return None
        foresee = getattr(self, f"_foresee_{parent.activity_type}", None)
        if foresee:
            return foresee(parent, child.branch if trigger.branch == STEPS else trigger.branch, campaign)
        return None if described.branches else Domain.TRUE
