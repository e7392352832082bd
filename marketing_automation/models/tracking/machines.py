"""Opens and clicks of machines: recorded once for each message, shown, and no steps of anybody's."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ...engine.context import visit
from ...machines import find_machine

# A scanner follows the links of a mail as it comes: so many of them, within so many seconds, so soon after it was sent.
SWEEP_LINKS = 3
SWEEP_SECONDS = 10
SWEEP_SOON_SECONDS = 120


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
            return ours.browse()
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

    def _record_machine_click(self, machine):
        """Record that a machine has followed a link of this message.

        :param machine: its name; None of one that is known by what it does
        """
        self._record_machine_event("click", "link", machine or "many links within seconds")

    def _is_swept_by_machine(self, link):
        """Tell whether somebody follows the links of this message faster than people do, as soon as it has come.

        What was taken for a person's click is a machine's then.

        :param link: the link.tracker that is followed now
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if self.sent_datetime and now - self.sent_datetime > timedelta(seconds=SWEEP_SOON_SECONDS):
            return False
        since = now - timedelta(seconds=SWEEP_SECONDS)
        clicks = self.env["link.tracker.click"].search_fetch(
            [("mailing_trace_id", "=", self.id), ("create_date", ">=", since)], ["link_id"]
        )
        if len(clicks.link_id | link) < SWEEP_LINKS:
            return False
        self.env["link.tracker.click"]._add_mere_click(link, mailing_trace_id=self.id)
        self._take_back_clicks(since)
        return True

    def _take_back_clicks(self, since):
        """Have the clicks on this message since a moment, and the opens that they imply, be a machine's."""
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE marketing_trace_event SET origin = 'machine', reason = %s
                 WHERE trace_id = %s AND event IN ('open', 'click') AND origin = 'person' AND date >= %s
                   AND source IN ('click', 'link')
             RETURNING event
                """,
                "many links within seconds",
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
