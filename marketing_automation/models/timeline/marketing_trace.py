from odoo import _, fields, models
from odoo.tools import SQL


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def _get_timeline_rank(self):
        """Return by what steps are in order: of time, and at one moment that of the workflow, whatever ran first."""
        moment = self.waiting_since or self.schedule_date
        return moment, self.activity_id.sequence, self.activity_id.id

    def _prepare_timeline_step(self, facts, waits, events):
        """Return what the timeline shows of this step.

        :param facts: :class:`Facts`, None where it was not executed
        :param dict waits: see ``marketing.participant._get_waits``
        :param list events: see :meth:`_get_shown_events`
        """
        self.ensure_one()
        participant = self.participant_id
        state_labels = dict(self._fields["state"]._description_selection(self.env))
        is_message = self.activity_id._get_type().sends
        is_queued = is_message and self.state == "processed" and not self.sent_date and not facts.dead_code
        return {
            **self.activity_id._prepare_timeline_card(),
            "key": f"trace-{self.id}",
            "trace_id": self.id,
            "state": self.state,
            "state_label": _("Waiting") if self._is_waiting() else state_labels[self.state],
            "since": fields.Datetime.to_string(self.waiting_since) if self._is_waiting() else False,
            "due": fields.Datetime.to_string(self.schedule_date),
            "done": fields.Datetime.to_string(self.done_date),
            "attempt": self.attempt,
            "reason": self.state_msg or "",
            "note": _("In the queue: no server has accepted it yet.") if is_queued else self._get_note(),
            "events": self._prepare_timeline_events(events),
            "can_run": self.is_test and self.state == "scheduled" and not participant._is_over(),
            "choices": self._get_choices(),
            "can_retry": self.can_retry,
            "fires": self._prepare_timeline_fires(facts, waits.get(self.id, [])),
        }

    def _get_note(self):
        """Return what is to be said of this step: by the method ``_note_<type>``, else which branch it has chosen."""
        return self._get_branch_label() or self.activity_id._ask_type("note", self, default="")

    def _is_waiting(self):
        return self.state == "scheduled" and bool(self.waiting_since)

    def _get_choices(self):
        """Return what may be chosen by hand to come of this step of a test.

        :return: branch and label of each
        :rtype: list[dict]
        """
        if not self.is_test or self.state != "scheduled" or self.participant_id._is_over():
            return []
        labels = self.activity_id._get_branch_labels()
        return [{"branch": branch, "label": _("As if “%s”", label)} for branch, label in labels.items()]

    def _get_branch_label(self):
        """Return which branch this step has chosen, in words, or an empty text."""
        if not self.branch:
            return ""
        words = self.activity_id._ask_type("label_branch", self.branch)
        words = words or self.activity_id._get_branch_labels().get(self.branch, self.branch)
        reason = self.activity_id._ask_type("explain_branch", self, default="")
        return _("%(branch)s: %(reason)s", branch=words, reason=reason) if reason else words

    def _get_shown_events(self):
        """Return what happened to these messages, each kind of event with its first moment and what decided.

        :return: by trace id, (event, whether a machine's, type of the bounce, date, what decided)
        :rtype: dict[int, list[tuple]]
        """
        events = {}
        if self:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (trace_id, event, by_machine, bounce_type)
                           trace_id, event, origin IS NOT DISTINCT FROM 'machine' AS by_machine, bounce_type, date,
                           reason
                      FROM marketing_trace_event
                     WHERE trace_id = ANY(%s) AND event NOT IN ('sent', 'blocked')
                  ORDER BY trace_id, event, by_machine, bounce_type, date, id
                    """,
                    self.ids,
                )
            )
            for trace_id, *event in rows:
                events.setdefault(trace_id, []).append(tuple(event))
        return events

    def _prepare_timeline_events(self, events):
        """Return what happened to the message, and when first."""
        labels = dict(self.env["marketing.trace.event"]._fields["event"]._description_selection(self.env))
        order = list(labels)
        by_machine = {"open": _("Opened by a machine"), "click": _("Clicked by a machine")}
        bounces = {"hard": _("Bounced for good"), "soft": _("Bounced for now")}
        shown = [("sent", False, None, self.sent_date, None)] if self.sent_date else []
        if self.state in ("processed", "error"):
            shown += [event for event in events if event[0] != "failed" or self.state != "error"]
        return [
            {
                "key": f"{event}-{is_machine}-{bounce_type}",
                "event": event,
                "origin": "machine" if is_machine else "person",
                "label": by_machine[event] if is_machine else bounces.get(bounce_type) or labels[event],
                "date": fields.Datetime.to_string(date),
                "detail": (event in ("bounce", "complaint", "auto_answer", "reply") or is_machine) and reason or "",
            }
            for event, is_machine, bounce_type, date, reason in sorted(
                shown, key=lambda item: (item[3], order.index(item[0]))
            )
        ]

    def _prepare_timeline_fires(self, facts, waits):
        """Return what can be fired by hand on the message of a test, what is waited for first."""
        if not self.can_fire or facts.dead_code:
            return []
        scheduled = self.child_ids.filtered(lambda child: child.state == "scheduled")
        triggers = self.env["marketing.activity"]._get_triggers()
        awaited = {wait["event"] for wait in waits if wait["step"]["state"] == "waiting"}
        for child in scheduled:  # what would cancel it
            trigger = triggers.get(child.activity_id.trigger_type)
            awaited.add(trigger and trigger.event)
        labels = {
            "open": _("As if opened"),
            "click": _("As if clicked"),
            "reply": _("As if replied to"),
            "bounce": _("As if bounced"),
            "complaint": _("As if called spam"),
            "unsubscribe": _("As if unsubscribed"),
        }
        events = self.env["marketing.activity"]._get_type_events(self.activity_id.activity_type)
        fires = [
            {"event": event, "label": labels[event], "awaited": event in awaited}
            for event in events
            if event not in facts.events
        ]
        return sorted(fires, key=lambda fire: not fire["awaited"])
