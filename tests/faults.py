"""Faults that the reference model has to find: each is put into the engine, one at a time, by `bin/test --faults`."""

from dataclasses import dataclass
from pathlib import Path

ADDON = "marketing_automation"
WORKFLOW = "workflow.py"
SCHEDULE = "schedule.py"
PARTICIPANT = "models/marketing_participant.py"
LIFE = "models/marketing_trace_life.py"
RETRY = "models/marketing_trace_retry.py"
UPDATE = "models/marketing_campaign_update.py"
ENROLMENT = "models/marketing_campaign_enrolment.py"
EXECUTION = "models/marketing_campaign_execution.py"


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
        "if facts.dead_code and trigger.event not in ENDINGS:",
        "if facts.dead_code:",
    ),
    Fault("a bounce ends nothing", WORKFLOW, 'if "bounce" in self.events:', "if False:"),
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
        LIFE,
        "completed=(trace.sent_date if is_message else trace.done_date) or None",
        "completed=trace.done_date or None",
    ),
    Fault("acceptance moves with each event", LIFE, "COALESCE(t.sent_date, a.date)", "a.date"),
    Fault(
        "a refusal after the acceptance counts",
        LIFE,
        'trace.state == "processed" and not trace.sent_date',
        'trace.state == "processed"',
    ),
    Fault(
        "an event of an earlier attempt accepts what is scheduled again",
        LIFE,
        " AND t.state IN ('processed', 'error')",
        "",
    ),
    Fault(
        "a click or a reply implies no open",
        LIFE,
        "        self._complete_implied_events(\n"
        "            [trace_id for trace_id, event, _date, _reason, origin in rows if event in IMPLIED"
        ' and origin != "machine"]\n        )\n',
        "",
    ),
    Fault(
        "the last event counts, not the first",
        LIFE,
        "COALESCE(bounce_type, %s), min(date)",
        "COALESCE(bounce_type, %s), max(date)",
    ),
    Fault("pending children are not cancelled", LIFE, "        self._cancel_children(canceled, now)\n", ""),
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
        LIFE,
        "if workflow.leave_on_mismatch and traces:",
        "if False:",
    ),
    Fault("expiry is ignored", LIFE, "now)._sift_expired(workflow, campaign._get_tz(), now)", "now)"),
    Fault(
        "a retry is a duplicate of its own first attempt", LIFE, "reached[address] - own for", "reached[address] for"
    ),
    Fault("nobody is a duplicate", LIFE, "                duplicates += trace\n", "                pass\n"),
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
        "return left, self._take_back(query, now)",
        "return left, 0",
    ),
    Fault("what happened during an absence is forgotten", RETRY, "            traces._settle(now)\n", ""),
    Fault("a retry keeps its old date", RETRY, '                "schedule_date": now,\n', ""),
    # edits
    Fault(
        "Update leaves removed steps scheduled",
        UPDATE,
        '        removed._end(dict.fromkeys(removed.ids, ("canceled", "step_removed", None)), now)\n',
        "",
    ),
    Fault(
        "Update leaves moved steps below their old parent",
        UPDATE,
        '        traces.search([*pending, ("activity_id", "in", job["moved"])]).unlink()\n',
        "",
    ),
    Fault(
        "Update skips what is in the future and runs what is late",
        UPDATE,
        "trace.schedule_date < now",
        "trace.schedule_date > now",
    ),
    Fault(
        "Update counts first steps from now, not from the enrolment",
        UPDATE,
        "step.due(participant.date_start,",
        "step.due(now,",
    ),
    Fault(
        "Update does not cancel a negative whose event is known",
        UPDATE,
        "                if decision.kind == CANCEL:\n",
        "                if False:\n",
    ),
    Fault(
        "Update ignores what is recorded and not consumed yet",
        UPDATE,
        "news, _count = traces._learn_events(self, now)",
        "news, _count = traces, 0",
    ),
    Fault(
        "Update runs an executed step again at the date that it gets",
        UPDATE,
        'for trace in traces.filtered(lambda trace: trace.state == "scheduled"):\n',
        'for trace in traces:\n            trace.state = "scheduled"\n',
    ),
]
