"""A last look before a campaign starts: who enters, what goes out, what may surprise."""

from collections import Counter
from datetime import timedelta

from odoo import _, fields, models
from odoo.tools import SQL, config

FIRST_HOUR = timedelta(hours=1)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_open_start(self):
        """Open the dialog that tells what Start would do, and does it."""
        self.ensure_one()
        self.check_access("write")
        return {
            "name": _("Start “%s”", self.name),
            "type": "ir.actions.act_window",
            "res_model": "marketing.campaign.start",
            "view_mode": "form",
            "target": "new",
            "context": {"default_campaign_id": self.id},
        }

    def get_start_preview(self):
        """Tell what Start would do.

        :return: ``problems``, ``warnings`` (in words), ``record_count`` (matching records),
            ``enroll_count`` (of them, those who enter), ``overdue_count`` (steps that waited while the
            campaign was stopped), ``messages`` (how many in the first hour, by activity type, were
            there no limit), ``expected_end`` of those (UTC), where a limit spreads them
        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        user = self._get_run_as_candidate()
        preview = {
            "problems": self._get_run_errors(user),
            "warnings": self._get_warnings() + self._get_server_warnings() + self._get_rest_warnings(),
            "record_count": 0,
            "enroll_count": 0,
            "overdue_count": 0,
            "messages": {},
            "expected_end": False,
        }
        if not preview["problems"]:
            campaign = self._as_described(user)
            preview["record_count"], preview["enroll_count"] = campaign._count_audience()
            overdue = campaign._count_overdue(fields.Datetime.now() + FIRST_HOUR)
            preview["overdue_count"] = sum(overdue.values())
            preview["messages"] = campaign._count_first_messages(preview["enroll_count"], overdue)
            total = sum(preview["messages"].values())
            if total > self.hourly_limit:
                preview["expected_end"] = self._get_expected_end(total, fields.Datetime.now())
        return preview

    def _get_rest_warnings(self):
        """Return in words what has changed of templates and actions since the last Start or Update."""
        campaign = self.sudo()
        return [words for words, _waits in campaign._compare_rests()] if campaign.workflow else []

    def _count_audience(self):
        """Return how many records match the filter, and how many of them would enter."""
        newcomers, audience = self._get_newcomers_sql()
        [[records]] = self.env.execute_query(SQL("SELECT count(*) FROM (%s) AS audience", audience))
        [[entering]] = self.env.execute_query(
            SQL("SELECT count(*) FILTER (WHERE n.key IS NULL) + count(DISTINCT n.key) FROM (%s) AS n", newcomers)
        )
        return records, entering

    def _count_overdue(self, until):
        """Return how many scheduled steps are due until a moment (UTC), by activity id."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT activity_id, count(*) FROM marketing_trace
                        WHERE campaign_id = %s AND state = 'scheduled' AND schedule_date <= %s AND is_test IS NOT TRUE
                     GROUP BY activity_id""",
                    self.id,
                    until,
                )
            )
        )

    def _count_first_messages(self, entering, overdue):
        """Return how many messages the first hour brings, by activity type."""
        workflow, now = self._get_workflow(), fields.Datetime.now()
        message_types = self.env["marketing.activity"]._get_message_types()
        counts = Counter()
        for step in workflow.steps.values():
            if step.activity_type not in message_types:
                continue
            counts[step.activity_type] += overdue.get(step.id, 0)
            if step.parent_id is None and step.due(now, self._get_tz()) <= now + FIRST_HOUR:
                counts[step.activity_type] += entering
        return dict(counts)

    def _get_server_warnings(self):
        """Return in words what keeps emails from going out, as far as it can be known."""
        sends_emails = "email" in self.marketing_activity_ids.mapped("activity_type")
        servers = self.env["ir.mail_server"].sudo()
        if sends_emails and config["smtp_server"] in (False, "localhost") and not servers.search_count([], limit=1):
            return [_("There is no outgoing mail server: emails may not leave. Ask your administrator to set one.")]
        return []
