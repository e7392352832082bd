"""The guilty one: what becomes of the trace that a batch failed for."""

from odoo import models

from ...engine.time_limit import TookTooLong
from .errors import CONTENTION, OUT_OF_RESOURCES, describe, root_of


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _end_guilty(self, trace_ids, error, now):
        trace = self.env["marketing.trace"].browse(trace_ids)._claim()
        if trace:
            self._give_up(trace, error, now)
        return 1

    def _give_up(self, trace, error, now):
        """End a claimed trace for what it raised; where that may pass it is tried again some times before."""
        if isinstance(root_of(error), (*CONTENTION, *OUT_OF_RESOURCES)):
            trace._postpone("needs_more", describe(self.env, error), now)
        else:
            trace._finish({trace.id: self._get_failure(error)}, now)

    def _get_failure(self, error):
        """Return an exception as an outcome of the trace that raised it."""
        if isinstance(error, TookTooLong):
            return "error", "too_long", {"detail": self.env._("the limit is %s seconds", round(error.seconds))}
        return "error", "exception", {"detail": describe(self.env, error)}

    def _fail(self, trace_ids, error, now):
        trace = self.env["marketing.trace"].browse(trace_ids)._claim()
        trace._finish({trace.id: self._get_failure(error)} if trace else {}, now)
