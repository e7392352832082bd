"""Faults that the reference model has to find: each is put into the engine, one at a time, by `bin/test --faults`."""

from dataclasses import dataclass
from pathlib import Path

ADDON = "marketing_automation"
KINDS = "engine/events.py"
WORKFLOW = "engine/workflow.py"
SCHEDULE = "engine/schedule.py"
PARTICIPANT = "models/runtime/marketing_participant.py"
GATES = "models/runtime/gates.py"
DUPLICATES = "models/runtime/duplicates.py"
EVENTS = "models/runtime/events.py"
SETTLE = "models/runtime/settle.py"
RETURN = "models/enrolment/marketing_participant.py"
RETRY = "models/runtime/retry.py"
UPDATE_PARTICIPANT = "models/update/marketing_participant.py"
UPDATE_TRACE = "models/update/marketing_trace.py"
ENROLMENT = "models/enrolment/marketing_campaign.py"
EXECUTION = "models/runtime/loop.py"


@dataclass(frozen=True)
class Fault:
    """A text of the engine that is replaced by another.

    :param name: what the engine does wrong then
    :param file: path inside the addon
    """

    name: str
    file: str
    old: str
    new: str

    def put_into(self, addon):
        """Rewrite the file below this folder of the addon."""
        path = Path(addon) / self.file
        path.write_text(self.applied(path.read_text()))

    def applied(self, source):
        """:return: the source with the fault; its place has to be unmistakable."""
        if source.count(self.old) != 1:
            raise ValueError(f"“{self.name}”: its place occurs {source.count(self.old)} times in {self.file}")
        return source.replace(self.old, self.new)


FAULTS = [
    # triggers
    Fault(
        "a bounce also ends the steps that wait for a bounce",
        WORKFLOW,
        "if facts.has_ended_for(trigger):",
        "if facts.dead_code:",
    ),
    Fault("a bounce ends nothing", KINDS, '"bounce": EventKind(ends="parent_bounced", ', '"bounce": EventKind('),
    Fault(
        "a negative runs though its event is recorded",
        WORKFLOW,
        '    if happened:\n        return Decision(CANCEL, code="event_happened")\n',
        "",
    ),
    Fault(
        "an event counts after the deadline, not before it",
        WORKFLOW,
        "happened > deadline",
        "happened < deadline",
    ),
    Fault(
        "a message counts from when it was made, not from its acceptance",
        SETTLE,
        "completed = (trace.sent_date if is_message else trace.done_date) or None",
        "completed = trace.done_date or None",
    ),
    Fault("acceptance moves with each event", EVENTS, "COALESCE(t.sent_date, a.date)", "a.date"),
    Fault(
        "a refusal after the acceptance counts",
        EVENTS,
        'trace.state == "processed" and not trace.sent_date',
        'trace.state == "processed"',
    ),
    Fault(
        "an event of an earlier attempt accepts what is scheduled again",
        EVENTS,
        " AND t.state IN ('processed', 'error')",
        "",
    ),
    Fault(
        "a click or a reply implies no open",
        EVENTS,
        "        self._complete_implied_events(\n"
        "            [(trace_id, event) for trace_id, event, _date, _reason, origin in rows"
        ' if origin != "machine"]\n        )\n',
        "",
    ),
    Fault(
        "the last event counts, not the first",
        SETTLE,
        "COALESCE(bounce_type, %s), min(date)",
        "COALESCE(bounce_type, %s), max(date)",
    ),
    Fault("pending children are not cancelled", SETTLE, "        self._cancel_children(canceled, now)\n", ""),
    # dates
    Fault("what is due expires one moment too early", SCHEDULE, "return now > add", "return now >= add"),
    Fault("days do not keep the wall-clock time", SCHEDULE, "zone = pytz.timezone(tz)", "zone = pytz.utc"),
    Fault("what is due this very second waits", EXECUTION, "AND schedule_date <= %s", "AND schedule_date < %s"),
    Fault(
        "an activity does not run in due order",
        EXECUTION,
        "                held.add(activity_id)\n",
        "                pass\n",
    ),
    # who runs a step
    Fault(
        "the filters of the steps above are ignored",
        WORKFLOW,
        "step = self.steps.get(step.parent_id)",
        "step = None",
    ),
    Fault(
        "who no longer matches the campaign's filter stays at execution",
        GATES,
        '            "_stop_at_campaign_filter",\n',
        "",
    ),
    Fault("expiry is ignored", GATES, '            "_stop_at_expiry",\n', ""),
    Fault(
        "a retry is a duplicate of its own first attempt",
        DUPLICATES,
        "reached[address] - own for",
        "reached[address] for",
    ),
    Fault("nobody is a duplicate", DUPLICATES, "                duplicates += trace\n", "                pass\n"),
    # who is inside
    Fault(
        "who leaves keeps what is scheduled",
        PARTICIPANT,
        "SET state = CASE WHEN state = 'scheduled' THEN 'canceled' ELSE state END",
        "SET state = state",
    ),
    Fault(
        "a wait with a deadline keeps nobody running",
        PARTICIPANT,
        "OR t.wait_until >= %(now)s",
        "OR FALSE AND t.wait_until >= %(now)s",
    ),
    Fault(
        "who awaits an acceptance is completed",
        PARTICIPANT,
        "t.state = 'processed' AND t.sent_date IS NULL",
        "FALSE",
    ),
    Fault("deleted records stay inside", ENROLMENT, "        self._leave_deleted(now)\n", ""),
    Fault(
        "who matches again does not return",
        ENROLMENT,
        "return left, self._readmit_matching_participants(query, now)",
        "return left, 0",
    ),
    Fault("what happened during an absence is forgotten", RETURN, "            traces._schedule_children(now)\n", ""),
    Fault("a retry keeps its old date", RETRY, '                "schedule_date": now,\n', ""),
    # edits
    Fault(
        "Update leaves removed steps scheduled",
        UPDATE_PARTICIPANT,
        '        removed._write_outcomes(dict.fromkeys(removed.ids, ("canceled", "step_removed", None)), now)\n',
        "",
    ),
    Fault(
        "Update leaves moved steps below their old parent",
        UPDATE_PARTICIPANT,
        '        traces.search([*pending, ("activity_id", "in", job["moved"])]).unlink()\n',
        "",
    ),
    Fault(
        "Update skips what is in the future and runs what is late",
        UPDATE_TRACE,
        "trace.schedule_date < now",
        "trace.schedule_date > now",
    ),
    Fault(
        "Update counts first steps from now, not from the enrolment",
        UPDATE_PARTICIPANT,
        "step.due(participant.date_start,",
        "step.due(now,",
    ),
    Fault(
        "Update does not cancel a negative whose event is known",
        UPDATE_TRACE,
        "                if decision.kind == CANCEL:\n",
        "                if False:\n",
    ),
    Fault(
        "Update ignores what is recorded and not consumed yet",
        UPDATE_PARTICIPANT,
        "news, _count = traces._apply_events(self, now)",
        "news, _count = traces, 0",
    ),
    Fault(
        "Update runs an executed step again at the date that it gets",
        UPDATE_PARTICIPANT,
        'for trace in traces.filtered(lambda trace: trace.state == "scheduled"):\n',
        'for trace in traces:\n            trace.state = "scheduled"\n',
    ),
]
