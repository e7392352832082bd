from odoo import _, api, models
from odoo.tools import LazyTranslate, email_normalize

from ....engine.activity_types import ActivityType
from ....engine.context import BATCH_KEY, MessageBatch, test_run
from ....engine.errors import CampaignStop
from ....engine.workflow import Trigger

_lt = LazyTranslate(__name__)

EMAIL = ActivityType(
    "email",
    icon="fa-envelope-o",
    group="message",
    hint=_lt("Write to each of them"),
    does=(_lt("send an email"), _lt("send the email “%s”")),
    template="mass_mailing_id",
    template_label=_lt("a mailing template"),
    sends=True,
    mailing_type="mail",
    triggers={
        "mail_open": Trigger(event="open"),
        "mail_not_open": Trigger(event="open", negative=True),
        "mail_reply": Trigger(event="reply"),
        "mail_not_reply": Trigger(event="reply", negative=True),
        "mail_click": Trigger(event="click"),
        "mail_not_click": Trigger(event="click", negative=True),
        "mail_bounce": Trigger(event="bounce"),
        "mail_complaint": Trigger(event="complaint"),
        "mail_unsubscribe": Trigger(event="unsubscribe"),
    },
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.model
    def _describe_type_email(self):
        return EMAIL

    def _route_replies(self):
        """Have the replies that these activities wait for reach Odoo.

        A reply to a user's own address, which is what Odoo proposes, is never seen here. The
        catch-all with the record's thread is what a template gets then; any other address that
        somebody chose stays.
        """
        users = self.env["res.users"].sudo().with_context(active_test=False)
        for mailing in self._find_answered_mailings():
            if mailing.mailing_type != "mail" or mailing.reply_to_mode == "update":
                continue
            address = email_normalize(mailing.reply_to or "")
            if not address or users.search_count([("email_normalized", "=", address)], limit=1):
                mailing.reply_to_mode = "update"

    def _find_answered_mailings(self):
        """Return the templates to which replies are awaited: by these activities, or by any for all of its campaign.

        A type whose steps may wait for a reply to any message says so by ``_awaits_replies_<type>()``.
        """
        triggers = self._get_triggers()
        waiting = self.filtered(
            lambda activity: activity.trigger_type in triggers and triggers[activity.trigger_type].event == "reply"
        )
        activities = self.campaign_id.marketing_activity_ids
        campaigns = activities.filtered(
            lambda activity: activity._ask_type("awaits_replies", default=False)
        ).campaign_id
        return waiting.parent_id.mass_mailing_id | campaigns.marketing_activity_ids.mass_mailing_id

    def _find_warnings_email(self):
        mailing = self.mass_mailing_id
        if mailing not in (self | self.child_ids)._find_answered_mailings():
            return []
        company = self.campaign_id.company_id or self.env.company
        if mailing.reply_to_mode == "update":
            problem = self._find_catchall_problem(company, mailing)
        else:
            problem = self._find_reply_to_problem(mailing)
        return [problem] if problem else []

    def _find_catchall_problem(self, company, mailing):
        if not company.alias_domain_id.catchall_email:
            return _(
                "An activity waits for replies to “%s”, but they cannot reach Odoo: there is no catch-all address. "
                "Set an alias domain in Settings.",
                mailing.display_name,
            )
        return None

    def _find_reply_to_problem(self, mailing):
        """Return in words why replies to an address that somebody chose never reach Odoo; None where they may."""
        address = email_normalize(mailing.reply_to or mailing.email_from or "")
        if not address or "{{" in (mailing.reply_to or ""):
            return None
        # sudo: how Odoo gets its mail, of which nothing is told
        domains = self.env["mail.alias.domain"].sudo()
        is_own_domain = domains.search_count([("name", "=ilike", address.rpartition("@")[2])], limit=1)
        fetched = self.env["fetchmail.server"].sudo().search([("user", "=ilike", address)], limit=1)
        users = self.env["res.users"].sudo().search_count([("email_normalized", "=", address)], limit=1)
        if fetched or (is_own_domain and not users):
            return None
        return _(
            "An activity waits for replies to “%(mailing)s”, but they go to %(address)s, a mailbox that Odoo does not "
            "read. Leave “Reply To” to Odoo in the template's settings, or ask an administrator for an incoming mail "
            "server that fetches it.",
            mailing=mailing.display_name,
            address=address,
        )

    @api.private
    def _execute_email(self, traces, now):
        """Queue the email for a batch of traces, through mass_mailing's own composer.

        The composer finishes the traces in the transaction in which it makes the messages
        (see ``mail_compose_message.py``), because the mailing commits at its end.
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
            self.env["mail.mail"]._get_sending_crons()._trigger_after_commit()
        mailing._action_send_mail(traces.mapped("res_id"))
        return None
