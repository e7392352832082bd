"""A last look before a campaign starts: who enters, what goes out, what may surprise."""

from dataclasses import replace
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import SQL

from ..numbers import format_number

FIRST_HOUR = timedelta(hours=1)
LATELY = 100_000  # messages, among which one that came in is looked for


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

    def get_start_preview(self, past_days=0):
        """Tell what Start would do.

        :param int past_days: as Start takes it: dates count too whose moment was in so many days before now
        :return: ``problems``, ``warnings`` (in words), ``record_count`` (matching records),
            ``enroll_count`` (of them, those who enter), ``shared_count`` (of them, those whose value of the unicity
            somebody else has), ``overdue_count`` (steps that waited while the campaign was stopped),
            ``messages`` (how many in the first hour, by activity type, were there no limit, sending hours and times of
            day),
            ``entries`` (who enters by each of them, in words), ``has_dates`` (whether by a date),
            ``past_count`` (how many more enter for past dates),
            ``left_out`` (who gets none of them, and why, and whose first address alone gets one, in words),
            ``expected_end`` of those (UTC), where a limit spreads them, ``sending`` (when the first of them leave, in
            words, where that is not at once)
        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        self._check_past_days(past_days)
        user = self._get_run_as_candidate()
        preview = {
            "problems": self._get_run_errors(user),
            "warnings": self._get_warnings() + self._get_server_warnings() + self._get_rest_warnings(),
            "record_count": 0,
            "enroll_count": 0,
            "shared_count": 0,
            "overdue_count": 0,
            "messages": {},
            "left_out": [],
            "expected_end": False,
            "sending": "",
            "entries": [],
            "has_dates": False,
            "past_count": 0,
        }
        if not preview["problems"]:
            campaign = self._as_described(user)
            preview["record_count"], preview["enroll_count"], preview["shared_count"] = campaign._count_audience()
            outside = campaign._count_outside()
            preview["record_count"] += outside
            now = fields.Datetime.now()
            preview["entries"] = campaign._foresee_entries(preview["enroll_count"], now)
            preview["has_dates"] = campaign._has_dates(campaign._get_workflow().entries)
            overdue = campaign._count_overdue(now + FIRST_HOUR)
            preview["overdue_count"] = sum(overdue.values())
            newcomers = campaign._get_start_sql(now, past_days)
            if past_days:
                preview["past_count"] = campaign._count_newcomers(newcomers) - preview["enroll_count"]
            entering = preview["enroll_count"] + preview["past_count"]
            messages, preview["left_out"] = campaign._foresee_messages(entering, overdue, now, newcomers)
            for step, count, _date in messages:
                preview["messages"].setdefault(step.activity_type, 0)
                preview["messages"][step.activity_type] += count
            preview["sending"], preview["expected_end"] = campaign._foresee_sending(messages, now)
            if outside:
                words = _("%s have reached the goal already, or match the exit condition: they do not enter.", outside)
                preview["left_out"].insert(0, words)
        return preview

    def _get_rest_warnings(self):
        """Return in words what has changed of templates and actions since the last Start or Update."""
        campaign = self.sudo()
        return [words for words, _waits in campaign._compare_rests()] if campaign.workflow else []

    def _count_audience(self):
        """Return how many records match the filter, would enter by it, and are kept out since they share a value."""
        newcomers, audience = self._get_entering_sql(fields.Datetime.now())
        [[records]] = self.env.execute_query(SQL("SELECT count(*) FROM (%s) AS audience", audience))
        if not self._enters_by_filter():
            return records, 0, 0
        [[entering, again]] = self.env.execute_query(
            SQL(
                """SELECT count(*) FILTER (WHERE n.key IS NULL) + count(DISTINCT n.key),
                          count(*) FILTER (WHERE n.passages[1] IS NOT NULL)
                     FROM (%s) AS n""",
                newcomers,
            )
        )
        if entering == records or not self._get_workflow().unique_field:
            return records, entering, 0
        [[inside]] = self.env.execute_query(
            SQL(
                """SELECT count(*) FROM (%s) AS a (id, key)
                    WHERE EXISTS (SELECT 1 FROM marketing_participant p
                                   WHERE p.campaign_id = %s AND p.res_id = a.id AND p.is_test IS NOT TRUE)""",
                audience,
                self.id,
            )
        )
        return records, entering, max(0, records - entering - inside + again)

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

    def _foresee_messages(self, entering, overdue, now, newcomers):
        """Return how many messages the first hour brings, or would but for their time of day, and who gets none.

        :param int entering: how many enter now
        :param dict overdue: steps that are due, by activity id
        :param datetime now: UTC
        :param SQL newcomers: who they are, see :meth:`_get_start_sql`
        :return: (step, how many, when they are due) of each step that sends; who is left out of each, in words
        :rtype: tuple[list, list[str]]
        """
        messages, sentences = [], []
        types = self.env["marketing.activity"]._get_types()
        for step in self._get_workflow().steps.values():
            if not types[step.activity_type].sends:
                continue
            way = self._foresee_way(step, now, now + FIRST_HOUR) if entering else None
            if way:
                way = replace(way, newcomers=newcomers)
            count = 0
            if way is not None or overdue.get(step.id):
                reach, several = self._count_reach(step, way, now + FIRST_HOUR)
                if way and way.share < 1:  # chance decides about who enters, not about those for whom it is due
                    due = overdue.get(step.id)
                    known, known_several = self._count_reach(step, None, now + FIRST_HOUR) if due else ({}, 0)
                    several = known_several + round((several - known_several) * way.share)
                    reach = {
                        code: known.get(code, 0) + round((count - known.get(code, 0)) * way.share)
                        for code, count in reach.items()
                    }
                count = reach.get(None, 0)
                sentences += self._describe_left_out(step, reach, several)
                sentences += self._describe_pressed(step, way, count, now)
            messages.append((step, count, max(now, way.date) if way else now))
        return messages, sentences

    def _describe_left_out(self, step, reach, several):
        """Return in words who gets no message of a step, and whose other addresses get none.

        :param dict reach: numbers by code, see :meth:`_count_reach`
        :param int several: how many have more than one address in their field
        :return: sentences; none where every address gets it
        :rtype: list[str]
        """
        labels = self._get_left_out_labels()
        reasons = [
            f"{format_number(self.env, count)} {labels.get(code, code)}"
            for code, count in reach.items()
            if code and count
        ]
        total = sum(reach.values())
        name = self.env["marketing.activity"].browse(step.id).name
        sentences = []
        if reasons:
            sentences.append(
                _(
                    "%(left_out)s of %(total)s do not get “%(activity)s”: %(reasons)s.",
                    left_out=format_number(self.env, total - reach.get(None, 0)),
                    total=format_number(self.env, total),
                    activity=name,
                    reasons=", ".join(reasons),
                )
            )
        if several:
            sentences.append(
                _(
                    "%(several)s of %(total)s have several addresses in their email field: “%(activity)s” goes to the "
                    "first of them.",
                    several=format_number(self.env, several),
                    total=format_number(self.env, total),
                    activity=name,
                )
            )
        return sentences

    def _get_server_warnings(self):
        """Return in words what keeps emails from going out, and replies from coming in, as far as it can be known."""
        types = self.env["marketing.activity"]._get_types()
        sends_emails = any(
            types[kind].mailing_type == "mail" for kind in self.marketing_activity_ids.mapped("activity_type")
        )
        warnings = []
        if sends_emails and not self._has_mail_server():
            warnings.append(
                _("There is no outgoing mail server: emails may not leave. Ask your administrator to set one up.")
            )
        address = (self.company_id or self.env.company).sudo().alias_domain_id.catchall_email
        answered = self.marketing_activity_ids._find_answered_mailings().filtered(
            lambda mailing: mailing.mailing_type == "mail" and mailing.reply_to_mode == "update"
        )
        if address and answered and not self._has_incoming_mail():
            warnings.append(
                _(
                    "An activity waits for replies, but Odoo has no incoming mail server and has not received any "
                    "email yet. Ask your administrator whether emails to %s reach Odoo.",
                    address,
                )
            )
        return warnings

    @api.model
    def _has_incoming_mail(self):
        """Tell whether emails find a way in, as far as it can be known: a server is fetched, or some came lately."""
        servers = self.env["fetchmail.server"].sudo()  # of which nothing is told
        if servers.search_count([("state", "=", "done")], limit=1):
            return True
        messages = self.env["mail.message"].sudo()
        since = max(messages.search([], order="id desc", limit=1).id - LATELY, 0)
        return bool(messages.search_count([("id", ">", since), ("message_type", "=", "email")], limit=1))
