"""The limits of messages to one address, as Settings keep them, and what campaigns say about them."""

from odoo import _, api, fields, models
from odoo.tools import SQL

from ...engine.pressure import MAX_DAYS, MAX_MESSAGES, Cap
from ..campaign.start import FIRST_HOUR
from ..numbers import format_number

CAP_KEY = "marketing_automation.cap_"
DAYS_KEY = f"{CAP_KEY}days"
MODE_KEY = f"{CAP_KEY}mode"
MAILINGS_KEY = f"{CAP_KEY}mailings"
DAYS = 7

PRIORITIES = [("0", "Low"), ("1", "Normal"), ("2", "High")]


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    ignore_cap = fields.Boolean(
        string="Needed Messages",
        help=(
            "Its messages go out whatever the limit of messages to one address, and do not count for it: what somebody "
            "waits for, not advertising. A change takes effect at once."
        ),
    )
    priority = fields.Selection(
        PRIORITIES,
        default="1",
        required=True,
        help=(
            "Whose message goes first when several campaigns have one for the same address, and the limit of messages "
            "lets one through: that of the highest priority, then the one that waits longest."
        ),
    )

    has_cap = fields.Boolean(compute="_compute_has_cap", export_string_translation=False)

    @api.depends("ignore_cap")
    def _compute_has_cap(self):
        """Tell whether Settings limit how many messages an address gets."""
        self.has_cap = any(map(self._get_cap, self._get_channel_labels()))

    @api.model
    def _get_cap(self, channel):
        """Return how many messages an address gets at most, or None where there is no limit.

        :param str channel: ``mail``, ``sms``
        :rtype: Cap | None
        """
        get_param = self.env["ir.config_parameter"].sudo().get_param  # sudo: nobody is told
        limit = read_number(get_param(f"{CAP_KEY}{channel}"), MAX_MESSAGES)
        if not limit or get_param(f"{CAP_KEY}{channel}_on") != "True":
            return None
        return Cap(
            channel,
            limit,
            self._get_cap_days(),
            skips=get_param(MODE_KEY) == "skip",
            counts_mailings=get_param(MAILINGS_KEY) == "True",
        )

    @api.model
    def _get_cap_days(self):
        """Return how many days the limits of messages look back."""
        days = self.env["ir.config_parameter"].sudo().get_param(DAYS_KEY)  # sudo: nobody is told
        return read_number(days, MAX_DAYS) or DAYS

    @api.model
    def _get_channel_labels(self):
        """Extension point: what one message is called, and what several are, by channel."""
        return {"mail": (_("email"), _("emails"))}

    @api.model
    def _describe_cap(self, channel, count, limit, days):
        """Return in words how many messages an address had: “2 of 2 emails in 7 days”."""
        return _(
            "%(count)s of %(limit)s %(messages)s in %(days)s",
            count=count,
            limit=limit,
            messages=self._get_channel_labels().get(channel, (channel, channel))[limit != 1],
            days=self._describe_days(days),
        )

    @api.model
    def _describe_days(self, days):
        return _("1 day") if days == 1 else _("%s days", days)

    def _describe_pressed(self, step, way, total, now):
        """Return in words how many of those whom a step reaches have had as many messages as they may.

        :param Step step: of the workflow
        :param Way way: of those who enter now and come to it soon; None where nobody does
        :param int total: how many it reaches
        :param datetime now: UTC
        :rtype: list[str]
        """
        cap = self._get_cap(self.env["marketing.activity"]._get_types()[step.activity_type].mailing_type)
        if not cap or not total or self.ignore_cap:
            return []
        count = min(total, round(self._count_pressed(step, way, cap, now) * (way.share if way else 1)))
        if not count:
            return []
        activity = self.env["marketing.activity"].browse(step.id)
        numbers = {
            "count": format_number(self.env, count),
            "total": format_number(self.env, total),
            "activity": activity.name,
        }
        had = self._describe_cap(cap.channel, cap.limit, cap.limit, cap.days)
        if cap.skips:
            return [_("Some %(count)s of %(total)s would not get “%(activity)s”: %(had)s.", had=had, **numbers)]
        return [_("Some %(count)s of %(total)s would wait for “%(activity)s”: %(had)s.", had=had, **numbers)]

    def _count_pressed(self, step, way, cap, now):
        """Count the addresses without room for a message now, of those that a step reaches; see ``_count_reach``."""
        model = self._get_run_env()[self._get_target()]
        join, code, address = self._get_address_sql(step, model)
        [[count]] = self.env.execute_query(
            SQL(
                # by the primary key of who got how many
                """
                SELECT count(DISTINCT p.key)
                  FROM (%(recipients)s) AS r (id) JOIN %(table)s t ON t.id = r.id %(join)s
                  JOIN marketing_pressure p ON p.key = %(key)s
                 WHERE %(code)s IS NULL
                   AND (SELECT count(*) FROM unnest(p.dates) AS d (date) WHERE d.date > %(since)s) >= %(limit)s
                """,
                recipients=self._get_recipients_sql(step, way, now + FIRST_HOUR),
                table=SQL.identifier(model._table),
                join=join,
                key=self.env["marketing.trace"]._hash_address_sql(address, cap.channel),
                code=code,
                since=cap.begin(now),
                limit=cap.limit,
            )
        )
        return count

    def _ask_again_for_room(self):
        """Have those of these campaigns who wait for room ask at once: what lets them go has changed."""
        # sudo: the rows are the engine's
        self.env["marketing.trace"].sudo()._ask_all_again(SQL("t.campaign_id = ANY(%s)", self.ids))

    @api.model
    def _begin_counting(self, channel):
        """Count what campaigns have sent before, as far as a limit that was just set looks back.

        :param str channel: ``mail``, ``sms``
        """
        cap = self._get_cap(channel)
        if not cap:
            return
        traces = self.env["marketing.trace"]
        self.env.flush_all()
        self.env.execute_query(SQL("DELETE FROM marketing_pressure WHERE channel = %s RETURNING 1", channel))
        self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_pressure (key, channel, dates, trace_ids)
                SELECT %(key)s, %(channel)s,
                       array_agg(t.done_date ORDER BY t.done_date), array_agg(t.id ORDER BY t.done_date)
                  FROM marketing_trace t
                  JOIN mailing_trace m ON m.marketing_trace_id = t.id
                  JOIN marketing_campaign c ON c.id = t.campaign_id
                 WHERE t.done_date > %(since)s AND m.trace_type = %(channel)s AND m.%(column)s IS NOT NULL
                   AND c.ignore_cap IS NOT TRUE AND %(reached)s
              GROUP BY 1 RETURNING 1
                """,
                key=traces._hash_address_sql(SQL("m.%s", SQL.identifier(traces._address_column(cap))), channel),
                since=cap.begin(fields.Datetime.now()),
                channel=channel,
                column=SQL.identifier(traces._address_column(cap)),
                reached=traces._get_reached_sql(),
            )
        )


def read_number(text, most):
    """Return the number that a parameter holds, 0 where it holds none that is allowed."""
    number = int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 5 else 0
    return number if 1 <= number <= most else 0
