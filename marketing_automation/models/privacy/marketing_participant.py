"""What identifies a person goes when their record does; what keeps them from entering twice is a hash."""

from odoo import api, models
from odoo.tools import SQL

from ..mail_queue.withdrawn import WITHDRAWN


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    @api.model
    @api.private
    def _find_of_records(self, model_name, res_ids):
        """Return the participants of records, tests included.

        :param str model_name: of the records
        :param list res_ids: their ids
        """
        if not res_ids:
            return self.browse()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM marketing_participant WHERE model_name = %s AND res_id = ANY(%s)",
                model_name,
                list(res_ids),
            )
        )
        return self.browse(row[0] for row in rows)

    @api.private
    def _withdraw_messages(self):
        """Tell the engine that the emails of these participants which wait go with the record that they are for."""
        if not self:
            return
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search(
                [
                    ("marketing_trace_id.participant_id", "in", self.ids),
                    ("state", "=", "outgoing"),
                    ("mailing_trace_ids.trace_status", "=", "outgoing"),  # no server has refused it before
                ]
            )
        )
        mails.mailing_trace_ids.write({"trace_status": "cancel", "failure_type": WITHDRAWN})
        traces = [mail.marketing_trace_id.id for mail in mails]
        self.env["marketing.trace.event"].sudo().record_events("failed", traces, "record deleted")

    @api.private
    def _forget(self):
        """Forget what steps of these participants keep of a person: words of errors and reports, network addresses."""
        if not self:
            return
        self.env.flush_all()
        self.env["marketing.trace"]._forget_addresses(self.ids)
        self.env.execute_query(
            SQL(
                """UPDATE marketing_trace SET end_params = NULL
                    WHERE participant_id = ANY(%s) AND end_params IS NOT NULL RETURNING id""",
                self.ids,
            )
        )
        self.env.execute_query(
            SQL(
                """UPDATE marketing_trace_event e
                      SET source = CASE WHEN e.source LIKE 'confirmed from %%' THEN 'confirmed' ELSE e.source END,
                          reason = NULL
                     FROM marketing_trace t
                    WHERE t.id = e.trace_id AND t.participant_id = ANY(%s)
                      AND (e.source LIKE 'confirmed from %%' OR e.reason IS NOT NULL)
                RETURNING e.id""",
                self.ids,
            )
        )
        self.env["marketing.trace"].invalidate_model(["end_params"])
        self.env["marketing.trace.event"].invalidate_model(["source", "reason"])


def hash_sql(salt, value):
    """Return the SQL of the salted hash of a text; NULL stays NULL.

    :param salt: text, or SQL that gives it
    :param SQL value: a text
    """
    return SQL("left(encode(sha256(convert_to(%s || ':' || %s, 'UTF8')), 'hex'), 32)", salt, value)
