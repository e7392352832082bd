"""Who is not to be mailed any more: what waits for that address ends at once, in every campaign."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize

from .marketing_campaign import CampaignStop


class MailBlacklist(models.Model):
    _inherit = "mail.blacklist"

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries.filtered("active")._end_marketing_messages()
        return entries

    def write(self, vals):
        res = super().write(vals)
        if vals.get("active") or "email" in vals:
            self.filtered("active")._end_marketing_messages()
        return res

    def _end_marketing_messages(self):
        self.env["marketing.trace"].sudo()._block_addresses(self.mapped("email"))


class MailingSubscription(models.Model):
    _inherit = "mailing.subscription"

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions.filtered("opt_out")._end_marketing_messages()
        return subscriptions

    def write(self, vals):
        res = super().write(vals)
        if vals.get("opt_out"):
            self._end_marketing_messages()
        return res

    def _end_marketing_messages(self):
        """Have what waits for these contacts end, in the campaigns that are for what they have opted out of."""
        contacts = self.sudo().contact_id
        domain = [("state", "in", ("running", "stopped")), ("model_name", "=", "mailing.contact")]
        for campaign in self.env["marketing.campaign"].sudo().search(domain) if contacts else ():
            opted_out = contacts._filter_opted_out(campaign._get_readable_lists())
            traces = self.env["marketing.trace"].sudo()
            traces._block_messages("mailing.contact", opted_out.ids, "mail_optout", campaigns=campaign)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_readable_lists(self):
        """Return the ids of the lists that the filter names; none of a filter that cannot be read.

        Whoever opts out has opted out, whatever is wrong with somebody's campaign.
        """
        try:
            return self._get_named_lists()
        except (CampaignStop, KeyError, UserError, ValueError):
            return []


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    @api.model
    def _record_unsubscription(self, mailing, res_id, email):
        """Record that the recipient of a campaign's message has unsubscribed by it, once.

        :param mailing: the mailing.mailing, of a campaign or not
        :param res_id: the id of the record, as somebody sent it
        :param str email: the address
        """
        number = str(res_id or "")
        if not mailing.use_in_marketing_automation or not (number.isascii() and number.isdecimal()):
            return
        domain = [
            ("mass_mailing_id", "=", mailing.id),
            ("email", "=", email_normalize(email or "")),
            ("marketing_trace_id", "!=", False),
        ]
        traces = self.sudo().search(domain, order="id desc").filtered(lambda trace: str(trace.res_id) == number)[:1]
        known = self.env["marketing.trace.event"].sudo()
        if traces and not known.search_count(
            [("trace_id", "=", traces.marketing_trace_id.id), ("event", "=", "unsubscribe")], limit=1
        ):
            traces._record_marketing_event("unsubscribe", "link to unsubscribe")


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    @api.model
    def _block_addresses(self, addresses):
        """Have the engine end the emails that wait for these addresses, in every campaign.

        Where a target keeps no normalized address, they end when their moment comes.

        :param list addresses: normalized
        """
        if not addresses:
            return
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT model_name FROM marketing_campaign WHERE state IN ('running', 'stopped')")
        )
        for (model_name,) in rows:
            if model_name not in self.env or "email_normalized" not in self.env[model_name]._fields:
                continue
            model = self.env[model_name].sudo().with_context(active_test=False)
            self._block_messages(model_name, model.search([("email_normalized", "in", addresses)]).ids, "mail_bl")

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
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id FROM marketing_participant p
                  JOIN marketing_trace t ON t.participant_id = p.id
                  JOIN marketing_activity a ON a.id = t.activity_id
                 WHERE p.model_name = %s AND p.res_id = ANY(%s) AND p.is_test IS NOT TRUE
                   AND t.state = 'scheduled' AND a.activity_type = 'email' AND %s
                """,
                model_name,
                list(res_ids),
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
        waiting._end({trace.id: ("canceled", codes[trace.id], None) for trace in waiting}, now)
