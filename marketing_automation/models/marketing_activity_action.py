from odoo import api, models

from .engine_context import ACTION_KEY, ActionRun, test_run


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.private
    def _execute_action(self, traces, now):
        """Run the server action once per participant, with ``record`` set to its record.

        It runs with the rights of the campaign, in a context of its own: whatever the engine
        or a user had in theirs, a ``default_*`` key above all, would change what it does.
        An action that came with a campaign template, unchanged, runs as the addon's own code.
        """
        env = self.campaign_id._get_run_env()
        action = env["ir.actions.server"].browse(self._get_running_step().template_id)
        shipped = action._is_marketing_shipped()
        run = ActionRun(as_addon=shipped, is_test=bool(test_run(traces.env)))
        action = action.sudo(shipped).with_context(**{ACTION_KEY: run})
        # Each run checks the rules on its one record; this reads what they look at for all at once.
        env[self.model_name].browse(traces.mapped("res_id"))._filtered_access("write")
        for trace in traces:
            action.with_context(active_model=self.model_name, active_id=trace.res_id, active_ids=[trace.res_id]).run()
        return {}
