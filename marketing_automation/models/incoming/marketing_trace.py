from odoo import api, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    def _block_addresses(self, addresses):
        """Have the engine end the emails that wait for these addresses, in every campaign.

        :param list addresses: normalized
        """
        if not addresses:
            return
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT model_name FROM marketing_campaign WHERE state IN ('running', 'stopped')")
        )
        for (model_name,) in rows:
            if model_name not in self.env:
                continue
            model = self.env[model_name].sudo().with_context(active_test=False)
            if "email_normalized" in model._fields:
                res_ids = model.search([("email_normalized", "in", addresses)]).ids
            else:
                res_ids = self.env["marketing.campaign"]._find_participants_of_addresses(model, addresses)
            self._block_messages(model_name, res_ids, "mail_bl")

    @api.model
    def _block_messages(self, model_name, res_ids, code, campaigns=None):
        """Have the engine end the emails that wait for records: who writes the rows of a participant is the engine.

        :param str model_name: the model of the records
        :param list res_ids: their ids
        :param str code: why, one of :meth:`_get_end_reasons`
        :param campaigns: of which campaigns; all of them by default
        """
        if not res_ids:
            return
        types = self.env["marketing.activity"]._get_types()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id FROM marketing_participant p
                  JOIN marketing_trace t ON t.participant_id = p.id
                  JOIN marketing_activity a ON a.id = t.activity_id
                 WHERE p.model_name = %s AND p.res_id = ANY(%s) AND p.is_test IS NOT TRUE
                   AND t.state = 'scheduled' AND a.activity_type = ANY(%s) AND %s
                """,
                model_name,
                list(res_ids),
                [name for name, kind in types.items() if kind.mailing_type == "mail"],
                SQL("p.campaign_id = ANY(%s)", campaigns.ids) if campaigns is not None else SQL("TRUE"),
            )
        )
        trace_ids = [trace_id for (trace_id,) in rows]
        self.env["marketing.trace.event"].record_events("blocked", trace_ids, "blocklist", reason=code)

    def _end_blocked(self, codes, now):
        """End those of these traces of locked participants that still wait, for their reasons.

        :param dict codes: the reason by trace id
        """
        waiting = self.filtered(lambda trace: trace.id in codes and trace.state == "scheduled")
        waiting._write_outcomes({trace.id: ("canceled", codes[trace.id], None) for trace in waiting}, now)
