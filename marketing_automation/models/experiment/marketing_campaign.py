from dataclasses import replace

from odoo import models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _look_at_splits(self, now):
        """See whether a split of what runs has found its winner.

        :param datetime now: UTC
        """
        for step in self._get_workflow().steps.values():
            if step.settings.get("winner"):
                self.env["marketing.activity"].browse(step.id)._look_for_winner(step, now)

    def _begin_experiments(self, before, now):
        """Have new splits compare from now on, and begin anew those whose branches have changed.

        :param dict before: the steps that ran, by id
        :param datetime now: UTC
        """
        for step in self._get_workflow().steps.values():
            if step.activity_type != "split":
                continue
            old = before.get(step.id)
            if not old or old.settings.get("weights") != step.settings["weights"]:
                self.env["marketing.activity"].browse(step.id)._begin_experiment(now)

    def _apply_winners(self, workflow):
        """Return a workflow whose splits send everybody to their winners, as they do now."""
        splits = [step for step in workflow.steps.values() if step.activity_type == "split"]
        steps = {}
        for step in splits:
            weights = self.env["marketing.activity"].browse(step.id)._weigh(step)
            steps[step.id] = replace(step, settings={**step.settings, "weights": weights})
        return replace(workflow, steps={**workflow.steps, **steps})
