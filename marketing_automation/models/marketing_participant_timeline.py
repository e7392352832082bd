"""What became of one participant, step by step, and what it still waits for: all that its form shows."""

from odoo import _, fields, models
from odoo.tools import SQL

from ..workflow import CANCEL, SCHEDULE, decide


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    # the steps of this participant, as a tree; no help: the form would show it as a tooltip over all of it
    timeline_data = fields.Json(compute="_compute_timeline_data")

    def _compute_timeline_data(self):
        for participant in self:
            participant.timeline_data = bool(participant.ids) and participant._get_timeline(fields.Datetime.now())

    def _get_timeline(self, now):
        """Return the steps of this participant as a tree, in order of time.

        The number of queries does not depend on how many steps there are.

        :param datetime now: UTC
        :rtype: dict
        """
        self.ensure_one()
        branches = self.trace_ids.grouped("parent_id")
        facts = self.trace_ids._get_facts()
        waits = self._get_waits(facts, now)
        events = self.trace_ids._get_shown_events()

        def grow(parent):
            traces = branches.get(parent, parent.browse()).sorted(lambda trace: trace._get_timeline_rank())
            steps = [
                dict(
                    trace._prepare_timeline_step(facts.get(trace.id), waits, events.get(trace.id, [])),
                    children=grow(trace),
                )
                for trace in traces
            ]
            return steps + [wait["step"] for wait in waits.get(parent.id, [])]

        return {
            "is_test": self.is_test,
            "can_write": self.campaign_id.has_access("write"),
            "is_paused": not self.is_test
            and self.campaign_id.state != "running"
            and (self.state == "running" or bool(waits)),
            "steps": grow(self.env["marketing.trace"]),
        }

    def _is_over(self):
        """Tell whether nothing can happen to this participant any more, whatever comes."""
        return self.state == "unlinked" or bool(self.is_test and self.end_code)

    def _get_waits(self, facts, now):
        """Return the steps that this participant has not come to yet, but may from where it is.

        :param dict facts: :class:`Facts` by trace id, of those that were executed
        :param datetime now: UTC
        :return: by trace id, what waits on it: the ``event`` that it waits for, and the ``step`` to show
        :rtype: dict[int, list[dict]]
        """
        if self._is_over() or not (self.is_test or self.campaign_id.workflow):
            return {}
        # its zone may be that of a user or a company whom the reader may not see
        campaign = (self.campaign_id._for_test() if self.is_test else self.campaign_id).sudo()
        workflow = campaign._get_workflow()
        triggers = self.env["marketing.activity"]._get_triggers()
        activities = self.campaign_id.with_context(active_test=False).marketing_activity_ids.grouped("id")
        taken = set(self.trace_ids.activity_id.ids)
        waits = {}
        for trace in self.trace_ids:
            for step in workflow.children(trace.activity_id.id) if trace.id in facts else ():
                trigger = triggers.get(step.trigger_type)
                if step.id in taken or step.id not in activities or not trigger:
                    continue
                decision = decide(step, trigger, facts[trace.id], campaign._get_tz())
                happened = bool(facts[trace.id].get_moment(step, trigger))
                wait = activities[step.id]._prepare_timeline_wait(trace, trigger, decision, happened, now)
                waits.setdefault(trace.id, []).append({"event": trigger.event, "step": wait})
        return waits


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def _get_timeline_rank(self):
        """Return by what steps are in order: of time, and at one moment that of the workflow, whatever ran first."""
        return self.schedule_date, self.activity_id.sequence, self.activity_id.id

    def _prepare_timeline_step(self, facts, waits, events):
        """Return what the timeline shows of this step.

        :param facts: :class:`Facts`, None where it was not executed
        :param dict waits: see ``marketing.participant._get_waits``
        :param list events: see :meth:`_get_shown_events`
        """
        self.ensure_one()
        participant = self.participant_id
        state_labels = dict(self._fields["state"]._description_selection(self.env))
        is_message = self.activity_id.activity_type in self.activity_id._get_message_types()
        is_queued = is_message and self.state == "processed" and not self.sent_date and not facts.dead_code
        return {
            **self.activity_id._prepare_timeline_card(),
            "key": f"trace-{self.id}",
            "trace_id": self.id,
            "state": self.state,
            "state_label": state_labels[self.state],
            "due": fields.Datetime.to_string(self.schedule_date),
            "done": fields.Datetime.to_string(self.done_date),
            "attempt": self.attempt,
            "reason": self.state_msg or "",
            "note": _("In the queue: no server has accepted it yet.") if is_queued else "",
            "events": self._prepare_timeline_events(events),
            "can_run": self.is_test and self.state == "scheduled" and not participant._is_over(),
            "can_retry": self._may_be_retried() and not self.is_test and participant.state != "unlinked",
            "fires": self._prepare_timeline_fires(facts, waits.get(self.id, [])),
        }

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


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _prepare_timeline_card(self):
        """Return what the timeline shows of this activity, whatever became of it."""
        self.ensure_one()
        words, tone = self._get_chip()
        return {
            "activity_id": self.id,
            "name": self.name,
            "type": self.activity_type,
            "type_label": self._get_label("activity_type"),
            "icon": self._get_type_icons().get(self.activity_type, "fa-circle-o"),
            "trigger": self.trigger_label,
            "chip": words,
            "tone": tone,
        }

    def _prepare_timeline_wait(self, parent, trigger, decision, happened, now):
        """Return what the timeline shows of this activity while a participant has not come to it.

        :param parent: the trace on which it waits
        :param Trigger trigger: its trigger
        :param Decision decision: what the engine says of it
        :param bool happened: whether its event has come
        :param datetime now: UTC
        """
        is_late = bool(decision.date and decision.date < now and decision.kind != SCHEDULE)
        is_missed = is_late or (happened and decision.kind not in (CANCEL, SCHEDULE))
        code = decision.code or ("expired" if is_missed else None)
        if code:
            state_label, words = _("Does not run"), ""
        elif decision.kind == SCHEDULE:
            state_label, words = _("Waiting"), _("Comes next.")
        else:
            state_label, words = _("Waiting"), self._get_wait_words(trigger)
        return {
            **self._prepare_timeline_card(),
            "key": f"wait-{parent.id}-{self.id}",
            "trace_id": False,
            "state": "skipped" if code else "waiting",
            "state_label": state_label,
            "due": fields.Datetime.to_string(decision.date) if decision.kind == SCHEDULE else False,
            "until": fields.Datetime.to_string(decision.date) if decision.kind != SCHEDULE else False,
            "reason": parent._get_end_words(code, None) or "",
            "note": words,
            "events": [],
            "fires": [],
            "children": [],
        }

    def _get_wait_words(self, trigger):
        """Return in words what a step with this trigger waits for."""
        if trigger.waits_for_completion:
            return _("Waits until a server has accepted the message before it.")
        words = {
            "open": _("Waits to be opened."),
            "click": _("Waits for a click."),
            "reply": _("Waits for a reply."),
            "bounce": _("Waits for a bounce."),
            "complaint": _("Waits for a complaint."),
            "unsubscribe": _("Waits until somebody unsubscribes."),
        }
        return words.get(trigger.event, _("Waits."))
