"""The ways by which newcomers come to a message within the first hour: through steps that send nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ...engine.workflow import has_conditions


@dataclass(frozen=True)
class Way:
    """How newcomers come to a step.

    :param tuple domains: what has to be true of a record, as Domain; none for all of them
    :param float share: how many of those take it, where chance decides: 0 to 1
    :param datetime date: when it is due for them, UTC, by the campaign's clock
    :param SQL newcomers: the query of who enters: record id, what it is unique by; None: by the filter
    """

    domains: tuple = ()
    share: float = 1.0
    date: datetime | None = None
    newcomers: SQL | None = None


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _foresee_way(self, step, now, until):
        """Return which newcomers come to a step until a moment, as far as it is known without executing anything.

        What waits for nothing but a time of day counts, too: the way says when it is due.

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
        early, date, tz = now, now, self._get_tz()
        for at in path:
            early, date = replace(at, time_of_day=None).due(early, tz), at.due(date, tz)
        return Way(tuple(domains), share, date) if early <= until else None

    def _get_way_sql(self, way):
        """Return the condition of newcomers ``n`` who go a way; see :meth:`_foresee_way`."""
        model = self._get_run_env()[self._get_target()]
        parts = [
            SQL("AND n.id IN %s", model._search(domain, active_test=False).subselect())
            for domain in way.domains
            if not domain.is_true()
        ]
        return SQL(" ").join(parts)
