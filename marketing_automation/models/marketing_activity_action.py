from odoo import _, api, models

from .engine_context import ACTION_KEY, ActionRun, test_run

# What tracks changes keeps the environment of each participant until it is flushed, and Odoo
# looks through all that are kept whenever it needs another one.
FLUSH_EVERY = 50  # participants


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_action_errors(self, user):
        """Return in words what keeps the server action of this activity from running for a user.

        :rtype: list[str]
        """
        self.ensure_one()
        action = self.server_action_id
        if self.activity_type != "action" or not action:
            return []
        names = {"activity": self.name, "action": action.sudo().name}
        return [
            _("“%(activity)s”, server action “%(action)s”: %(problem)s", problem=problem, **names)
            for problem in action._get_marketing_problems(self.model_name, user)
        ]

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
        together = () if action.sudo()._contains_code() else tuple(traces.mapped("res_id"))
        run = ActionRun(shipped, bool(test_run(traces.env)), self.campaign_id._get_target(), together)
        action = action.sudo(shipped).with_context(**{ACTION_KEY: run})
        # Each run checks the rules on its one record; this reads what they look at for all at once.
        env[self.campaign_id._get_target()].browse(traces.mapped("res_id"))._filtered_access("write")
        for position, trace in enumerate(traces, start=1):
            action.with_context(
                active_model=self.campaign_id._get_target(), active_id=trace.res_id, active_ids=[trace.res_id]
            ).run()
            if position % FLUSH_EVERY == 0:
                env.cr.flush()
        return {}
