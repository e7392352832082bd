"""What became of the messages of traces in the queue."""

from odoo import api, models
from odoo.tools import SQL

from .answer import NEEDS_SMTPUTF8
from .delivery import UNANSWERED
from .handover import FAILURE
from .withdrawn import WITHDRAWN


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    def _get_unknown_failures(self):
        """Extension point: failure types of messages that failed, and that may have reached somebody nevertheless."""
        return [FAILURE]

    @api.model
    def _get_told_failures(self):
        """Return the failures of a message that are told by a reason of their own."""
        return [FAILURE, NEEDS_SMTPUTF8, UNANSWERED, "mail_email_invalid", "mail_email_missing"]

    def _get_refusals(self):
        """Extension point: why the messages of these traces were refused after they had been made.

        Those of which nobody knows are told from those that were refused, with what the server answered.

        :return: outcomes as :meth:`_write_outcomes` takes them
        """
        known = self._get_told_failures()
        told = {
            trace_id: ("error", kind, None) if kind in known else ("error", "refused", answer and {"detail": answer})
            for trace_id, _status, kind, answer in self._get_last_messages()
        }
        return {**dict.fromkeys(self.ids, ("error", "refused", None)), **told}

    @api.model
    def _get_withdrawals(self):
        """Extension point: failure types of messages that were taken out of the queue since nobody should get them."""
        return {"mail_bl", "mail_dup", "mail_optout", WITHDRAWN}

    def _end_refused(self, now):
        """End these traces, whose messages were refused after they had been made.

        Those whose messages were withdrawn are cancelled; one that its campaign's stop withdrew is due again.
        """
        known = self._get_withdrawals()
        kinds = {
            trace_id: kind
            for trace_id, status, kind, _reason in self._get_last_messages()
            if status == "cancel" and kind in known
        }
        again = self.filtered(lambda trace: kinds.get(trace.id) == WITHDRAWN and not trace.participant_id._is_over())
        withdrawn = self.filtered(lambda trace: trace.id in kinds) - again
        withdrawn._write_outcomes(
            {
                trace.id: (
                    "canceled",
                    (trace.participant_id.end_code if kinds[trace.id] == WITHDRAWN else None) or kinds[trace.id],
                    None,
                )
                for trace in withdrawn
            },
            now,
        )
        if again:
            again._retry(now)
        refused = self - withdrawn - again
        outcomes = refused._get_refusals()
        unknown = self._get_unknown_failures()
        self.filtered(lambda trace: outcomes.get(trace.id, ("", ""))[1] not in unknown)._free_places()
        refused._write_outcomes(outcomes, now)

    @api.private
    def _find_withdrawn(self):
        """Return a failure type by id of those of these traces whose messages are not to be sent any more.

        The blocklist is of each kind of message.
        """
        if not self:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id, t.campaign_id, t.res_id, c.model_name,
                       t.is_test IS NOT TRUE AND (p.state = 'unlinked' OR c.state != 'running')
                  FROM marketing_trace t
                  JOIN marketing_participant p ON p.id = t.participant_id
                  JOIN marketing_campaign c ON c.id = t.campaign_id
                 WHERE t.id = ANY(%s)
                """,
                self.ids,
            )
        )
        kinds = {trace_id: WITHDRAWN for trace_id, *_record, has_ended in rows if has_ended}
        contacts = {}
        for trace_id, campaign_id, res_id, model_name, _has_ended in rows:
            if model_name == "mailing.contact" and trace_id not in kinds:
                contacts.setdefault(campaign_id, {}).setdefault(res_id, []).append(trace_id)
        for campaign_id, trace_ids in contacts.items():
            # sudo: the queue's own look at who has opted out
            lists = self.env["marketing.campaign"].sudo().browse(campaign_id)._get_readable_lists(default=None)
            if lists is None:  # the campaign stops when the engine comes to it; nobody can tell who has opted out
                kinds.update({trace_id: WITHDRAWN for ids in trace_ids.values() for trace_id in ids})
                continue
            opted_out = self.env["mailing.contact"].sudo().browse(trace_ids)._filter_opted_out(lists)
            kinds.update({trace_id: "mail_optout" for contact in opted_out for trace_id in trace_ids[contact.id]})
        return kinds
