"""Opens and clicks of machines: recorded once for each message, shown, and no steps of anybody's."""

import math
from datetime import timedelta

from odoo import api, fields, models
from odoo.http import request
from odoo.tools import SQL

from ...engine.context import visit
from ...machines import find_machine

# A scanner follows the links of a mail as it comes: so many of them, within so many seconds, so soon after it was sent.
SWEEPS = ((3, 10), (2, 2))
SWEEP_SOON_SECONDS = 120
# Nobody gets, opens and reads a mail, and clicks, as soon as this.
READ_SECONDS = 3
# So long is waited for what shows who it was that opened or clicked so soon. 0: not at all, and the first counts.
DOUBT_KEY, DOUBT_SECONDS = "marketing_automation.machine_doubt", 10
MINUTE = 60  # seconds
MANY_LINKS, AT_ONCE = "many links within seconds", "a click as soon as it was delivered"


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    def _take_machine_opens(self):
        """Return the messages of campaigns whose pictures a machine fetches now, after recording that.

        Nobody has seen them: Odoo is not told. A machine that only asks whether the picture is there is nothing.
        """
        seen = visit(self.env)
        ours = self.filtered("marketing_trace_id") if seen else self.browse()
        if not ours or seen.method == "HEAD":
            return ours
        machine = find_machine("open", seen.agent, seen.address)
        if not machine:
            ours = ours.filtered(lambda trace: trace._is_soon() and trace._is_swept())
            machine = MANY_LINKS
        if not ours:
            return ours
        ours._record_machine_event("open", "open pixel", machine)
        return ours

    def _record_machine_event(self, event, source, reason):
        """Record that a machine has opened or clicked, once for each message."""
        known = self.env["marketing.trace.event"].search_fetch(
            [("trace_id", "in", self.marketing_trace_id.ids), ("event", "=", event), ("origin", "=", "machine")],
            ["trace_id"],
        )
        new = self.filtered(lambda trace: trace.marketing_trace_id not in known.trace_id)
        new._record_marketing_event(event, source, origin="machine", reason=reason)

    def _record_machine_click(self, reason):
        """Record that a machine has followed a link of this message.

        :param reason: its name, or what it does
        """
        self._record_machine_event("click", "link", reason)

    # ------------------------------------------------------------
    # Known by what they do
    # ------------------------------------------------------------

    @api.model
    def _get_doubt_seconds(self):
        # sudo: visitors do not read system parameters
        value = self.env["ir.config_parameter"].sudo().get_param(DOUBT_KEY, DOUBT_SECONDS)
        try:
            seconds = float(value)
        except ValueError:
            return DOUBT_SECONDS
        return min(seconds, MINUTE) if math.isfinite(seconds) and seconds >= 0 else DOUBT_SECONDS

    def _is_soon(self, seconds=SWEEP_SOON_SECONDS):
        """Tell whether the mail server has this message for so long only, or is just getting it."""
        if not self.sent_datetime:
            return self.trace_status in ("outgoing", "process", "pending")
        return fields.Datetime.now() - self.sent_datetime < timedelta(seconds=seconds)

    def _get_doubt(self):
        """Return until when it is in doubt who opens or clicks this message now; None where it is not.

        What is not told by a visit is in none: whoever records it knows.
        """
        seconds = self._get_doubt_seconds() if request else 0
        if not seconds or self.trace_type != "mail" or not self._is_soon():
            return None
        return fields.Datetime.now() + timedelta(seconds=seconds)

    def _judge_click(self, link):
        """Return what shows that it is a machine that follows a link of this message now; None for a person.

        What was taken for a person's before is the machine's then.

        :param link: the link.tracker
        """
        self.ensure_one()
        if not self._is_soon():
            return None
        reason = None
        if self._is_swept(link):
            reason = MANY_LINKS
            self._take_back_events(fields.Datetime.now() - timedelta(seconds=SWEEPS[0][1]))
        elif self._get_doubt_seconds() and self._is_soon(READ_SECONDS) and self.trace_status not in ("open", "reply"):
            reason = AT_ONCE
        if reason:
            self.env["link.tracker.click"]._add_mere_click(link, mailing_trace_id=self.id)
        return reason

    def _is_swept(self, link=None):
        """Tell whether somebody follows the links of this message faster than people do just now.

        :param link: the link.tracker that is followed besides those noted
        """
        now = fields.Datetime.now()
        clicks = self.env["link.tracker.click"].search_fetch(
            [("mailing_trace_id", "=", self.id), ("create_date", ">=", now - timedelta(seconds=SWEEPS[0][1]))],
            ["link_id", "create_date"],
        )
        followed = [(click.link_id, click.create_date) for click in clicks] + ([(link, now)] if link else [])
        return any(
            len({other for other, date in followed if date >= now - timedelta(seconds=seconds)}) >= links
            for links, seconds in (SWEEPS if self._get_doubt_seconds() else SWEEPS[:1])
        )

    def _take_back_events(self, since):
        """Have the opens and clicks of this message since a moment be a machine's."""
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace_event SET origin = 'machine', reason = %s, doubt_until = NULL, counted_as = 'new'
                 WHERE trace_id = %s AND event IN ('open', 'click') AND date >= %s
                   AND (origin = 'person' OR doubt_until IS NOT NULL)
                   AND source IN ('click', 'link', 'open pixel')
             RETURNING event
                """,
                MANY_LINKS,
                self.marketing_trace_id.id,
                since,
            )
        )
        taken = {event for (event,) in rows}
        values = {"links_click_datetime": False} if "click" in taken else {}
        if "open" in taken and self.trace_status == "open":
            values["trace_status"] = "sent"
        if values:
            self.write(values)
