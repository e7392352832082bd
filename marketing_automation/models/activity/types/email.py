from odoo import _, api, models
from odoo.tools import email_normalize

from ....engine.context import BATCH_KEY, MessageBatch, test_run
from ....engine.errors import CampaignStop


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _route_replies(self):
        """Have the replies that these activities wait for reach Odoo.

        A reply to a user's own address, which is what Odoo proposes, is never seen here. The
        catch-all with the record's thread is what a template gets then; any other address that
        somebody chose stays.
        """
        triggers = self._get_triggers()
        users = self.env["res.users"].sudo().with_context(active_test=False)
        for activity in self:
            mailing = activity.parent_id.mass_mailing_id
            trigger = triggers.get(activity.trigger_type)
            if not mailing or not trigger or trigger.event != "reply" or mailing.reply_to_mode == "update":
                continue
            address = email_normalize(mailing.reply_to or "")
            if not address or users.search_count([("email_normalized", "=", address)], limit=1):
                mailing.reply_to_mode = "update"

    def _get_reply_warnings(self):
        mailing = self.mass_mailing_id
        if self.activity_type != "email" or not mailing:
            return []
        triggers = self._get_triggers()
        awaited = any(triggers[child.trigger_type].event == "reply" for child in self.child_ids)
        company = self.campaign_id.company_id or self.env.company
        if awaited and mailing.reply_to_mode == "update" and not company.alias_domain_id.catchall_email:
            return [
                _(
                    "An activity waits for replies to “%s”, but they cannot reach Odoo: there is no catch-all address. "
                    "Set an alias domain in Settings.",
                    mailing.display_name,
                )
            ]
        return []

    @api.private
    def _execute_email(self, traces, now):
        """Queue the email for a batch of traces, through mass_mailing's own composer.

        The composer finishes the traces in the transaction in which it makes the messages
        (see ``mail_compose_message.py``), for the mailing commits at its end.
        """
        mailing = self._get_mailing_to_send()
        problems = mailing.sudo()._get_confirm_errors()
        if problems:  # its link was changed: nobody could confirm
            raise CampaignStop(problems[0])
        mailing = mailing.with_context(
            **{BATCH_KEY: MessageBatch(traces, now)},
            ir_cron_progress_id=False,  # a mailing reports its own progress, on whatever cron runs it
        )
        if not test_run(traces.env):
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger_after_commit()
        mailing._action_send_mail(traces.mapped("res_id"))
        return None
