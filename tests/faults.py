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
VISITS = "models/runtime/visits.py"
JUMP = "models/activity/types/jump.py"
WINNER = "models/activity/types/winner.py"
EXPERIMENT = "models/experiment/marketing_activity.py"
EXPERIMENTS = "models/experiment/marketing_campaign.py"
END = "models/activity/types/end.py"
UPDATE = "models/update/marketing_campaign.py"
RETURN = "models/enrolment/marketing_participant.py"
RETRY = "models/runtime/retry.py"
UPDATE_PARTICIPANT = "models/update/marketing_participant.py"
UPDATE_TRACE = "models/update/marketing_trace.py"
ENROLMENT = "models/enrolment/marketing_campaign.py"
REENTRY = "models/enrolment/reentry.py"
EXECUTION = "models/runtime/loop.py"
ACTION = "models/activity/types/server_action.py"
DEPENDENCIES = "models/dependencies/marketing_activity.py"
FILTERS = "models/campaign/filters.py"
BLOCKLIST = "models/incoming/mail_blacklist.py"
OPT_OUTS = "models/incoming/mailing_subscription.py"
BLOCKED = "models/incoming/marketing_trace.py"
REPORTS = "models/incoming/mailing_trace.py"
QUEUE = "models/mail_queue/withdrawn.py"
WITHDRAWN = "models/mail_queue/marketing_trace.py"
PRESSURE = "models/sending/pressure.py"
CAP = "engine/pressure.py"
BEST = "engine/best_time.py"
WAIT = "models/activity/types/wait.py"
WAITS = "models/runtime/waits.py"
LOOKS = "models/runtime/looks.py"
MOMENTS = "engine/waits.py"
CONDITION = "models/activity/types/condition.py"
BEHAVIOURS = "models/campaign/behaviours.py"
LINES = "engine/behaviour.py"
SET = "models/activity/types/update.py"
UNSUBSCRIPTIONS = "controllers/unsubscriptions.py"
OCCURRENCES = "engine/occurrences.py"
DUE = "models/entry/due.py"
REQUESTS = "models/enrolment/requests.py"
CIRCLES = "models/enrolment/circles.py"
PEOPLE = "models/entry/people.py"
GOAL_LOOKS = "models/goal/looks.py"
GOAL = "models/goal/marketing_participant.py"
WEBHOOK = "controllers/enroll.py"
WAYS = "models/reach/ways.py"
DATES = "test_reference_dates.py"
# of the addon itself: what the reference model does not know
ACTIONS = f"{ADDON}/tests/test_campaign_actions.py"
CALLS = f"{ADDON}/tests/test_entry_webhook.py"
CHUNKS = f"{ADDON}/tests/test_entry_dates.py"
SENDING = f"{ADDON}/tests/test_sending.py"
BEST_TIMES = f"{ADDON}/tests/test_best_time.py"
EXPERIMENT_TESTS = f"{ADDON}/tests/test_experiment.py"
WINNER_TESTS = f"{ADDON}/tests/test_winner.py"
WAIT_TESTS = f"{ADDON}/tests/test_wait.py"


@dataclass(frozen=True)
class Fault:
    """A text of the engine that is replaced by another.

    :param name: what the engine does wrong then
    :param file: path inside the addon
    :param test: which of the tests here, or of the addon, has to find it
    """

    name: str
    file: str
    old: str
    new: str
    test: str = "test_reference.py"

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
        "        self._complete_implied_events([(trace_id, event) for _id, trace_id, event in by_people])\n",
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
        '        (traces.search([*pending, ("activity_id", "in", job["moved"])]) - waiting).unlink()\n',
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
        'for trace in traces.filtered(lambda trace: trace.state == "scheduled" and not trace.waiting_since):\n',
        'for trace in traces:\n            trace.state = "scheduled"\n',
    ),
    # complaints and unsubscriptions
    Fault(
        "a complaint ends nothing",
        KINDS,
        '"complaint": EventKind(ends="parent_complained", ',
        '"complaint": EventKind(',
    ),
    Fault(
        "an unsubscription ends the message",
        KINDS,
        '"unsubscribe": EventKind(',
        '"unsubscribe": EventKind(ends="parent_complained", ',
    ),
    Fault(
        "who complains is mailed again",
        REPORTS,
        "if address and not trace._is_of_marketing_test():",
        "if False:",
    ),
    Fault(
        "a blocklisting ends nothing before its moment",
        BLOCKLIST,
        'self.env["marketing.trace"].sudo()._block_addresses(self.mapped("email"))',
        "pass",
    ),
    Fault("an opt-out ends nothing before its moment", OPT_OUTS, 'if vals.get("opt_out"):', "if False:"),
    Fault(
        "what is blocklisted ends server actions too",
        BLOCKED,
        'if kind.mailing_type == "mail"]',
        "]",
    ),
    Fault(
        "who opted out is mailed",
        "wizard/mail_compose_message.py",
        "emails += contacts._filter_opted_out(list_ids)",
        "contacts.browse()",
    ),
    Fault("who unsubscribes from a list is blocklisted", UNSUBSCRIPTIONS, "if not lists:", "if True:"),
    Fault(
        "an unsubscription is noted nowhere",
        REPORTS,
        'traces._record_marketing_event("unsubscribe", "link to unsubscribe")',
        "pass",
    ),
    Fault(
        "a lifted blocklisting cannot be retried",
        RETRY,
        'return ["mail_bl", "mail_optout"]',
        'return ["mail_optout"]',
    ),
    # bounces and reports
    Fault(
        "any bounce starts what waits for one kind",
        WORKFLOW,
        "return self.bounces.get(step.bounce_type)",
        'return self.events.get("bounce")',
    ),
    Fault("a bounce without a type is soft", SETTLE, "                HARD,\n", '                "soft",\n'),
    Fault(
        "what is delayed has bounced",
        "mail_reports/recipients.py",
        '"delayed": DELAYED, "delivered"',
        '"delayed": BOUNCE, "delivered"',
    ),
    Fault("a read receipt is nothing", REPORTS, "                traces.set_opened()\n", "                pass\n"),
    Fault(
        "an automatic answer is a reply",
        "models/incoming/mail_thread.py",
        "judgement.kind != REPLY or not is_gateway",
        "not is_gateway",
    ),
    # machines
    Fault("what machines do counts", SETTLE, "AND (origin IS DISTINCT FROM 'machine' OR", "AND (TRUE OR"),
    Fault(
        "opens of machines never count",
        SETTLE,
        'self.campaign_id.filtered("count_machine_opens").ids',
        "[]",
    ),
    Fault("clicks of machines count where opens do", SETTLE, "OR event = 'open' AND", "OR"),
    Fault(
        "where a machine has opened, a person's click implies no open",
        EVENTS,
        "AND o.date <= e.date\n                                          AND o.origin IS DISTINCT FROM 'machine')",
        "AND o.date <= e.date)",
    ),
    # what is changed, or deleted, behind a campaign
    Fault(
        "a changed action runs at once",
        ACTION,
        "if approved and action._get_marketing_rests()[action.id] != approved:",
        "if False:",
    ),
    Fault(
        "changed recipients are mailed at once",
        DEPENDENCIES,
        'if current["settings"] != approved["settings"]:\n            raise',
        "if False:\n            raise",
    ),
    Fault(
        "a step that waits for an Update stops all",
        EXECUTION,
        "except StepHeld as step:",
        "except ZeroDivisionError as step:",
    ),
    Fault(
        "a step that waits for an Update lets those go who could not run",
        GATES,
        '            "_stop_at_held_step",\n',
        "",
    ),
    Fault(
        "a filter that names what was deleted empties the campaign at the enrolment",
        ENROLMENT,
        "            self._check_references(model, domain)\n",
        "",
    ),
    Fault(
        "a filter that names what was deleted empties the campaign at execution",
        FILTERS,
        "            self._check_references(model, Domain.AND(domains))\n",
        "",
    ),
    # branches and visits
    Fault(
        "every branch runs",
        WORKFLOW,
        "if facts.branch != branch:",
        "if False:",
    ),
    Fault("what was chosen is not kept", "models/runtime/finish.py", "branch = o.branch,", "branch = NULL,"),
    Fault(
        "a step that chose one branch is asked as if it had chosen none",
        SETTLE,
        "branch=trace.branch or None",
        "branch=None",
    ),
    Fault("who comes back comes to a visit that was", VISITS, "            last[participant_id] += 1\n", ""),
    Fault("a loop goes once more than its limit", VISITS, "edge.target] >= edge.limit", "edge.target] > edge.limit"),
    Fault("a loop has no limit", VISITS, "if edge.limit and passages", "if False and passages"),
    Fault("who comes back goes the way again whenever it is looked at", VISITS, "if way[0].id not in gone", ""),
    Fault(
        "the next visit follows that of the step that sends back",
        VISITS,
        "last[participant_id]))",
        "trace.visit + 1))",
    ),
    Fault(
        "below a step that is come back to everything is of the first visit",
        SETTLE,
        "scheduled.append((trace, step.id, decision.date, trace.visit))",
        "scheduled.append((trace, step.id, decision.date, 1))",
    ),
    # go to, split, end
    Fault("Go to goes once more than its limit", JUMP, "0) < limit else OVER", "0) <= limit else OVER"),
    Fault("Go to has no limit", JUMP, "if not limit or", "if True or"),
    Fault("all take the first branch", "engine/split.py", "* total // SPACE", "* 0"),
    Fault(
        "a split chooses by the weights of an edit",
        WINNER,
        'step.settings["weights"], self',
        "self.branch_weights, self",
    ),
    Fault(
        "a split chooses the same at each visit",
        WINNER,
        "trace.participant_id.id, trace.visit)",
        "trace.participant_id.id)",
    ),
    Fault(
        "who moved to another branch keeps the step",
        UPDATE,
        '    "branch",\n    "interval_number"',
        '    "interval_number"',
    ),
    Fault("the winner of a split takes nobody", WINNER, "if winner in dict(weights)", "if False", WINNER_TESTS),
    Fault(
        "a winner survives other weights",
        EXPERIMENTS,
        'old.settings.get("weights") != step.settings["weights"]',
        "False",
        WINNER_TESTS,
    ),
    Fault(
        "each look for a winner takes the same certainty",
        "engine/experiment.py",
        "(look * (look + 1) * branches)",
        "1",
        EXPERIMENT_TESTS,
    ),
    Fault(
        "a branch wins by who has only just come",
        EXPERIMENT,
        "now - RIPE,",
        "now,",
        WINNER_TESTS,
    ),
    Fault("an end ends nobody", END, "traces.participant_id._end(", "traces.participant_id.browse()._end("),
    Fault(
        "who has ended goes on", SETTLE, "trace.participant_id._is_over()", 'trace.participant_id.state == "unlinked"'
    ),
    Fault("an Update brings back who has ended", UPDATE, "AND end_code IS NULL ", ""),
    Fault("who has ended is running again", PARTICIPANT, " AND p.end_code IS NULL", ""),
    Fault(
        "who has gone on in one visit is waited for in no other",
        SETTLE,
        "if (trace.participant_id.id, step_id, visit) not in taken",
        "if (trace.participant_id.id, step_id) not in {row[:2] for row in taken}",
    ),
    Fault(
        "what was sent in one visit is a duplicate in the next",
        DUPLICATES,
        "reached[address] - own for",
        "reached[address] for",
    ),
    # waits
    Fault(
        "a wait has no end",
        MOMENTS,
        "if self.limit else None",
        "if False else None",
    ),
    Fault(
        "a wait begins anew whenever it is asked",
        WAITS,
        "waiting_since = COALESCE(t.waiting_since, %s)",
        "waiting_since = %s",
    ),
    Fault(
        "nobody looks at who waits",
        LOOKS,
        "if not self.wait_look_date or self.wait_look_date > now:",
        "if True:",
    ),
    Fault(
        "an enrolment has nobody looked at",
        ENROLMENT,
        "        if self.wait_look_date:\n            self.wait_look_date = now\n",
        "",
    ),
    Fault(
        "an event asks nobody who waits for it",
        SETTLE,
        "        self._ask_waiting(happened.participant_id, awaiting, now)\n",
        "",
    ),
    Fault(
        "what comes after the end of a wait counts",
        WAIT,
        "DONE if first == moment else TIMEOUT",
        "DONE if moment and moment <= now else TIMEOUT",
    ),
    Fault(
        "an open by a machine ends a wait for one",
        WAIT,
        'event == "open" and self.campaign_id.count_machine_opens',
        "True",
    ),
    Fault(
        "what ends a message ends the waits that follow it",
        SETTLE,
        ', ("waiting_since", "=", False)]',
        "]",
    ),
    Fault(
        "the filter of a wait ends it while it lasts",
        GATES,
        "beginning = self.filtered(lambda trace: not trace.waiting_since)",
        "beginning = self",
    ),
    Fault(
        "the expiry of a wait ends it while it lasts",
        GATES,
        "not trace.waiting_since\n                and batch",
        "trace.schedule_date\n                and batch",
    ),
    Fault("a message leaves whenever it is due", GATES, '            "_hold_until_best_time",\n', "", BEST_TIMES),
    Fault(
        "opens of machines tell when somebody usually opens",
        EVENTS,
        "for event_id, _id, event in by_people if event in reading",
        "for event_id, _id, event, *_told in rows if event in reading",
        BEST_TIMES,
    ),
    Fault("a message waits for days until somebody usually opens", BEST, "hours=24", "hours=240", BEST_TIMES),
    Fault("two opens tell when somebody usually opens", BEST, "LEAST = 3", "LEAST = 2", BEST_TIMES),
    Fault("the last of the best hours counts, not the first", BEST, "> most:", ">= most:", BEST_TIMES),
    Fault("a message leaves outside of the hours", GATES, '            "_hold_until_sending_hours",\n', "", SENDING),
    Fault(
        "an edited calendar moves nobody who waits",
        EXECUTION,
        "        self._in_transaction(self._ask_changed_hours, fields.Datetime.now())\n",
        "",
        SENDING,
    ),
    Fault("Start counts nothing that a time of day delays", WAYS, "if early <= until", "if date <= until", SENDING),
    Fault(
        "by recipients' clocks people enter by the campaign's",
        DUE,
        'campaign._get_workflow().tz_mode == "recipient"',
        "False",
        CHUNKS,
    ),
    Fault(
        "a date that is entered late waits until it has come on all clocks",
        LOOKS,
        '("early_", now + CLOCKS_APART)',
        '("late_", now + CLOCKS_APART)',
        WAIT_TESTS,
    ),
    Fault(
        "an expiry counts from the opening",
        GATES,
        "trace.due_date or trace.schedule_date",
        "trace.schedule_date",
        SENDING,
    ),
    Fault(
        "an Update asks nobody who waits",
        UPDATE_PARTICIPANT,
        "        counts += waiting._ask_anew(job, now)\n",
        "",
    ),
    Fault(
        "an Update of where a wait hangs takes those away who wait",
        UPDATE_PARTICIPANT,
        'job["moved"])]) - waiting).unlink()',
        'job["moved"])])).unlink()',
    ),
    Fault(
        "an Update cancels waits whose trigger is over",
        UPDATE_TRACE,
        'elif child.state == "scheduled" and not child.waiting_since:',
        'elif child.state == "scheduled":',
    ),
    Fault(
        "who returns to a wait is not asked",
        RETURN,
        "CASE WHEN waiting_since IS NULL THEN",
        "CASE WHEN waiting_since IS NULL OR TRUE THEN",
    ),
    Fault(
        "a day of the week is that of UTC",
        SCHEDULE,
        "    local = to_local(moment, tz)\n    for days",
        "    local = moment\n    for days",
    ),
    Fault(
        "before a date is after it",
        MOMENTS,
        "shift = subtract_interval if self.direction == BEFORE else add_interval",
        "shift = add_interval",
    ),
    Fault(
        "a date that is entered, or moved, later is not seen",
        WAIT,
        'return model._search(Domain(wait.field, "<=", latest), active_test=False)',
        "return None",
    ),
    # what people did
    Fault(
        "what somebody did not do is asked as if they did",
        BEHAVIOURS,
        "found if line.did else set(people) - found",
        "found",
    ),
    Fault(
        "of several lines all have to be true, always",
        LINES,
        "any(answers) if self.any else all(answers)",
        "all(answers)",
    ),
    Fault(
        "one message is as good as several",
        BEHAVIOURS,
        "HAVING count(*) >= %(times)s",
        "HAVING count(*) >= LEAST(1, %(times)s)",
    ),
    Fault(
        "a message that was opened twice is two",
        BEHAVIOURS,
        "GROUP BY b.participant_id, e.trace_id %(earliest)s",
        "GROUP BY b.participant_id, e.id %(earliest)s",
    ),
    Fault(
        "machines behave like people",
        BEHAVIOURS,
        "(e.origin IS DISTINCT FROM 'machine' OR",
        "(TRUE OR",
    ),
    Fault(
        "a click of a machine is an open of a behaviour",
        BEHAVIOURS,
        "OR e.event = 'open' AND c.count",
        "OR c.count",
    ),
    Fault(
        "a behaviour about one step is about all",
        BEHAVIOURS,
        "        if line.activity:\n            conditions",
        "        if False:\n            conditions",
    ),
    Fault(
        "the last days are all days",
        BEHAVIOURS,
        "        if line.span == DAYS:\n            # a",
        "        if False:\n            # a",
    ),
    Fault(
        "a message that is read is got anew",
        BEHAVIOURS,
        'SQL("min(e.date)") if line.event == SENT else SQL("max(e.date)")',
        'SQL("max(e.date)")',
    ),
    Fault(
        "only what a mail server told shows that a message was got",
        BEHAVIOURS,
        "if kind.shows_acceptance]",
        'if name == "sent"]',
    ),
    Fault(
        "a behaviour in this campaign is one in any",
        BEHAVIOURS,
        "elif line.anywhere:",
        "elif True:",
    ),
    Fault(
        "a behaviour about one link is about all",
        BEHAVIOURS,
        "        if line.link:\n            text",
        "        if False:\n            text",
    ),
    Fault(
        "a link's text is a pattern",
        BEHAVIOURS,
        "escape_psql(line.link.strip())",
        "line.link.strip()",
    ),
    Fault(
        "a condition asks for no behaviour",
        CONDITION,
        "if behaviour and yes:",
        "if False:",
    ),
    # clicks on one link
    Fault(
        "a click on any link is one on that link",
        WORKFLOW,
        'if trigger.event == "click" and step.link_filter:',
        "if False:",
    ),
    Fault(
        "a link is known by its address alone",
        WORKFLOW,
        'text in url.casefold() or text in (label or "").casefold()',
        "text in url.casefold()",
    ),
    Fault(
        "another link is no edit of a step",
        UPDATE,
        '    "link_filter",\n',
        "",
    ),
    # plain steps
    Fault(
        "a step sets nothing",
        SET,
        "            if value != present:\n",
        "            if False:\n",
    ),
    Fault(
        "a step sets what nobody has published",
        SET,
        "self.campaign_id._get_run_env(), self._get_running_step().settings\n        problems",
        "self.campaign_id._get_run_env(), self._get_settings()\n        problems",
    ),
    # the queue
    Fault(
        "what waits in the queue goes to who was blocklisted meanwhile",
        QUEUE,
        'blocked = set(blocked.mapped("email"))',
        "blocked = set()",
    ),
    Fault("who has left meanwhile is mailed", WITHDRAWN, "(p.state = 'unlinked' OR c.state", "(c.state"),
    Fault("a stopped campaign goes on mailing", WITHDRAWN, "OR c.state != 'running')", "OR FALSE)"),
    Fault(
        "a Stop loses those whose message waited",
        WITHDRAWN,
        "kinds.get(trace.id) == WITHDRAWN and not trace",
        "False and not trace",
    ),
    Fault(
        "whom a server refused was reached",
        DUPLICATES,
        "AND (m.trace_status != 'error' OR",
        "AND (TRUE OR",
    ),
    Fault(
        "what was refused and sent after all stays an error",
        EVENTS,
        '        self._take_back_refusals([row[1] for row in rows if row[2] == "sent"])\n',
        "",
    ),
    # messages to one address
    *(
        Fault(*fault, test="test_reference_pressure.py")
        for fault in (
            ("priorities do not count", PRESSURE, "return (-int(self.campaign_id.priority), ", "return (0, "),
            (
                "a place is given that is kept for who comes first",
                CAP,
                "        elif len(taken) + kept < cap.limit:\n",
                "        elif room <= now:\n",
            ),
            (
                "the oldest of all messages makes room, though there are more than the limit",
                CAP,
                "counted[-self.limit]",
                "counted[0]",
            ),
            (
                "a message that was refused keeps its place",
                WITHDRAWN,
                "[1] not in unknown)._free_places()",
                "[1] not in unknown)",
            ),
        )
    ),
    # re-entry
    *(
        Fault(*fault, test="test_reference_passages.py")
        for fault in (
            (
                "who is inside enters again",
                REENTRY,
                """conditions.append(SQL("%s.state != 'running'", last))""",
                "pass",
            ),
            (
                "the limit is one too many",
                REENTRY,
                'SQL("%s.run <= %s", last, workflow.reentry_limit)',
                'SQL("%s.run <= %s + 1", last, workflow.reentry_limit)',
            ),
            (
                "the delay holds for nobody",
                REENTRY,
                "        if pause:\n",
                "        if pause and source == 'filter':\n",
            ),
            (
                "the filter brings in who matched all the time",
                REENTRY,
                "        if kind and kind.lets_in_again == CHANGE:\n",
                "        if kind and kind.lets_in_again == CHANGE and workflow.reentry_delay_number:\n",
            ),
            (
                "who was removed by hand comes back by the time alone",
                REENTRY,
                """"(%s OR COALESCE(%s.end_code, '') NOT IN ('removed_by_hand', 'removed_by_action'))\"""",
                """"(%s OR %s.id IS NOT NULL)\"""",
            ),
            ("nobody is seen outside of the filter", ENROLMENT, "        self._mark_outside(query, now)\n", ""),
            (
                "who begins anew goes on as well",
                RETURN,
                """participant.state == "running")._remove("restarted", now)""",
                """participant.state == "unlinked")._remove("restarted", now)""",
            ),
            (
                "who shares a value enters beside who is inside",
                REENTRY,
                "AND (held.id IS NULL OR (%(held_may)s))",
                "AND (held.id IS NULL OR TRUE OR (%(held_may)s))",
            ),
        )
    ),
    # who enters by a date
    Fault(
        "a date is due a day late",
        OCCURRENCES,
        "bisect_right(days, self.since",
        "1 + bisect_right(days, self.since",
        DATES,
    ),
    Fault(
        "29 February has no anniversary in most years",
        OCCURRENCES,
        "return date(year, 2, 28)",
        "return date(year, 3, 1)",
        DATES,
    ),
    Fault(
        "anniversaries begin before their date",
        OCCURRENCES,
        "max(own_year, self.first.year - 1)",
        "self.first.year - 1",
        DATES,
    ),
    Fault(
        "whose moment was before Start enters",
        DUE,
        "            return start\n        return max(start, now",
        "            return now - self._get_grace()\n        return max(now - self._get_grace(), now",
        DATES,
    ),
    Fault(
        "a look begins where the last one ended, whatever was entered late",
        DUE,
        "min(self.look_date, now - LOOK_BACK)",
        "self.look_date",
        DATES,
    ),
    Fault(
        "who has finished enters once more for the same date",
        DUE,
        "                occurrences=occurrences,\n",
        "",
        DATES,
    ),
    Fault(
        "moments of any age enter after a server was down",
        DUE,
        "return max(start, now - self._get_grace(), min",
        "return max(start, min",
        DATES,
    ),
    Fault(
        "a long day loses all but its first chunk", DUE, "            return rows[-1]\n", "            pass\n", CHUNKS
    ),
    Fault(
        "a date that has moved back lets in once more",
        DUE,
        "if res_id not in known}",
        "if res_id not in known or True}",
        "test_reference_dates.py",
    ),
    # what others ask for
    Fault("the last request is done first", REQUESTS, "ORDER BY id LIMIT", "ORDER BY id DESC LIMIT", ACTIONS),
    Fault(
        "whom somebody works on is not removed",
        REQUESTS,
        "for res_id in asked.keys() - busy for request_id",
        "for res_id in asked for request_id",
        f"{ADDON}/tests/test_requests.py",
    ),
    Fault(
        "what is asked of a merged record is lost",
        RETURN,
        '        self.env["marketing.entry.request"]._follow_merge(model_name, source_ids, target_id)\n',
        "",
        f"{ADDON}/tests/test_requests.py",
    ),
    Fault(
        "who has finished is removed as well",
        REQUESTS,
        "AND (p.state = 'running' OR EXISTS (",
        "AND (TRUE OR EXISTS (",
        f"{ADDON}/tests/test_requests.py",
    ),
    # by a webhook
    Fault(
        "a key counts twice",
        PEOPLE,
        'source="webhook", entry=self, occurrences=occurrences',
        'source="webhook", entry=self',
        CALLS,
    ),
    Fault("calls have no limit", WEBHOOK, "if calls <= CALLS_A_MINUTE:", "if calls:", CALLS),
    Fault(
        "records are made for everybody who is unknown",
        PEOPLE,
        "if create and unknown:",
        "if unknown:",
        CALLS,
    ),
    # goal and exit
    Fault(
        "who has reached the goal already enters",
        ENROLMENT,
        "domain &= ~self._get_outside_domain(env)",
        "domain &= Domain.TRUE",
    ),
    Fault("no step looks at the goal first", GATES, '"_stop_at_goal",', ""),
    Fault("no step looks at the exit condition first", GATES, '"_stop_at_exit",', ""),
    Fault(
        "a goal of behaviour waits for the next step",
        EVENTS,
        "self._look_at_goals_of(participants, now)",
        "pass",
    ),
    Fault(
        "a goal counts though what people did is missing",
        GOAL_LOOKS,
        "if behaviour and people:",
        "if False:",
    ),
    Fault(
        "who reaches the goal has always finished",
        GOAL,
        "if not running or not self.campaign_id._get_workflow().goal_leave:",
        "if not running:",
    ),
    Fault(
        "enrolments look at the filter before the goal",
        ENROLMENT,
        "self._look_at_goals(now)  # first: who reaches the goal may match the filter no longer",
        "self._remove_unmatched_participants(now), self._look_at_goals(now)",
    ),
    # in a circle
    Fault(
        "a circle without a limit goes round without pause",
        REENTRY,
        'if not workflow.reentry_limit and source == "step":',
        'if not workflow.reentry_limit and source == "nothing":',
        f"{ADDON}/tests/test_reentry.py",
    ),
    Fault(
        "what brings in without end is not stopped",
        REENTRY,
        "AND (own.run < %(most)s OR %(calm)s)",
        "AND (own.run < %(most)s OR TRUE OR %(calm)s)",
        f"{ADDON}/tests/test_reentry.py",
    ),
    Fault(
        "a circle that ends by itself is told",
        CIRCLES,
        'if following.id not in seen and following.reentry != "never":',
        "if following.id not in seen:",
        f"{ADDON}/tests/test_reentry.py",
    ),
]
