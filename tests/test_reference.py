"""The engine against a reference model: generated workflows, generated stories, one truth.

``reference.py`` says in plain Python what spec.md says in words. Each example makes a campaign
on real records, lets things happen (time, events, changed records, edits, errors, restarts) to
it and to the model, and compares every participant and every trace after each of them.

MARKETING_EXAMPLES is how many examples are tried; without it a bounded number, always the same.
With MARKETING_COVERAGE naming a file, what was reached is written there.
"""

import json
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reference import Campaign, Plan, Record, Step

from odoo import api, fields
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon

EXAMPLES = int(os.environ.get("MARKETING_EXAMPLES", 0))
PHASES = [Phase.explicit, Phase.generate, *([Phase.shrink] if not EXAMPLES or "MARKETING_SHRINK" in os.environ else [])]
COVERAGE = os.environ.get("MARKETING_COVERAGE")

BODY = "<p>Hello</p>"
ROOT = {"parent": None, "kind": "email", "trigger": 0, "interval": (0, "hours"), "expiry": None, "colors": None}
CODE = """
if '|{key}|' in (record.ref or ''):
    raise UserError('broken')
record.write({{'function': (record.function or '') + '{key};'}})
"""
TRIGGERS = {
    "action": ["activity"],
    "email": [
        *("activity", "mail_open", "mail_not_open", "mail_reply", "mail_not_reply"),
        *("mail_click", "mail_not_click", "mail_bounce"),
    ],
}
AWAITED = {trigger: trigger.removeprefix("mail_").removeprefix("not_") for trigger in TRIGGERS["email"][1:]}
MAX_STEPS = 10
EMAILS = [*(f"{name}@example.com" for name in "abcdefgh"), None]
COLORS = (0, 1)
ZONES = ["UTC", "Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
STARTS = [
    datetime(2026, 6, 1, 8),
    datetime(2026, 3, 28, 1, 30),
    datetime(2026, 10, 24, 23, 15),
    datetime(2028, 1, 31, 5),
]
WAITS = [timedelta(hours=h) for h in (0, 1, 1, 2, 6, 24, 25, 48, 72, 24 * 7, 24 * 8, 24 * 31, 24 * 70)]


# ------------------------------------------------------------
# Stories
# ------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    tz: str
    start: datetime
    steps: list
    colors: frozenset | None
    leave: bool
    records: list
    moves: list


class Teller:
    """Makes up stories: wide ones, in which much happens to few people."""

    def __init__(self, random):
        self.random = random
        self.choice = random.choice

    def story(self):
        return Story(
            tz=self.choice(ZONES),
            start=self.choice(STARTS),
            steps=[self.step() for _step in range(self.random.randint(3, 8))],
            colors=self.choice([None, None, self.colors()]),
            leave=self.choice([True, False]),
            records=[self.record() for _record in range(self.random.randint(2, 4))],
            moves=[self.move() for _move in range(self.random.randint(12, 36))],
        )

    def index(self):
        return self.random.randrange(840)  # a multiple of most counts

    def interval(self):
        return self.choice([0, 0, 0, 0, 1, 1, 2]), self.choice(["hours", "hours", "hours", "days", "weeks", "months"])

    def expiry(self):
        if self.random.random() < 0.75:
            return None
        return self.choice([0, 1, 2, 5]), self.choice(["hours", "days", "days", "weeks"])

    def colors(self):
        return self.choice([None, None, frozenset({0}), frozenset({0}), frozenset({0, 1})])

    def record(self):
        return self.choice([0, 0, 0, 1]), self.choice(EMAILS)

    def step(self):
        return {
            "parent": self.choice([None, *[self.index() for _try in range(9)]]),
            "kind": self.choice(["email", "email", "action"]),
            "trigger": self.index(),
            "interval": self.interval(),
            "expiry": self.expiry(),
            "colors": self.colors(),
        }

    def move(self):
        kind = self.random.choices(["time", "people", "world", "edit", "engine"], [10, 10, 6, 6, 4])[0]
        return getattr(self, f"_{kind}")()

    def _time(self):
        return self.choice(["run", "live", "live", "live"]), self.choice(WAITS)

    def _people(self):
        return self.choice(
            [
                *[("react", self.index(), self.index())] * 5,
                ("event", self.index(), self.index(), self.choice(EVENT_NAMES)),
                ("refuse", self.index()),
            ]
        )

    def _world(self):
        return self.choice(
            [
                *[("color", self.index(), self.choice(COLORS))] * 6,
                ("email", self.index(), self.choice(EMAILS)),
                ("block", self.choice(EMAILS[:-1]), self.choice([True, True, False])),
                ("delete", self.index()),
                ("add", self.record()),
                *[("break", self.index(), self.index(), self.choice([True, True, False]))] * 4,
            ]
        )

    def _edit(self):
        return self.choice(
            [
                ("add_step", self.step()),
                ("add_step", self.step()),
                ("remove_step", self.index()),
                ("restore_step", self.index()),
                ("restore_step", self.index()),
                ("move_step", self.index(), self.choice([None, self.index(), self.index()]), self.index()),
                ("retime_step", self.index(), self.interval()),
                ("retrigger_step", self.index(), self.index()),
                ("expire_step", self.index(), self.expiry()),
                ("filter_step", self.index(), self.colors()),
                ("filter", self.colors()),
                ("leave", self.choice([True, False])),
            ]
        )

    def _engine(self):
        return self.choice(
            [
                *[("update", self.choice(["skip", "run"]))] * 6,
                ("retry", self.index(), self.index()),
                ("retry", self.index(), self.index()),
                ("remove", self.index()),
                ("stop",),
                *[("start",)] * 3,
                ("sync",),
                ("sync",),
            ]
        )


EVENT_NAMES = ["sent", "sent", "failed", "open", "click", "reply", "bounce"]


def pick(items, index):
    """Return one of the items by an index of any size, or None where there are none."""
    items = list(items)
    return items[index % len(items)] if items else None


# ------------------------------------------------------------
# One world, twice
# ------------------------------------------------------------


class Both:
    """The model and the engine, to which the same things happen."""

    def __init__(self, case, story):
        self.case, self.env = case, case.env
        self.story = story
        self.model = Campaign(story.tz)
        self.now = story.start
        self.plan = Plan(steps=(), colors=story.colors, leave=story.leave)
        self.removed, self.activities, self.contacts, self.blocked = [], {}, {}, set()
        self.edited = {}  # what was done to each step
        self.broken = set()
        self.made = self.steps_made = 0
        self.state = "draft"
        case.marketer.tz = story.tz
        self.campaign = case._create_campaign(name="Reference", **self._campaign_values())
        for color, email in story.records:
            self.add((color, email))
        self.add_step(ROOT)
        for draft in story.steps:
            self.add_step(draft)
        self.edited.clear()

    def tell(self, move):
        """Have something happen, and compare."""
        name, *args = move
        with patch.object(fields.Datetime, "now", staticmethod(lambda *_args: self.now)):
            getattr(self, name if name not in ("break",) else "break_")(*args)
        self.compare(move)

    # what the model and the engine look like

    def compare(self, move):
        found, expected = self.found(), self.model.snapshot()
        if found == expected:
            return
        lines = [f"{self.story}\nafter {move} at {self.now}, {self.plan}:"]
        for rid in sorted(found.keys() | expected.keys()):
            ours, theirs = found.get(rid, (None, {})), expected.get(rid, (None, {}))
            if ours[0] != theirs[0]:
                lines.append(f"record {rid}: engine {ours[0]}, reference {theirs[0]}")
            for key in sorted(ours[1].keys() | theirs[1].keys()):
                if ours[1].get(key) != theirs[1].get(key):
                    lines.append(f"record {rid}, {key}: engine {ours[1].get(key)}, reference {theirs[1].get(key)}")
        self.case.fail("\n".join(lines))

    def found(self):
        self.env.flush_all()
        keys = {activity.id: key for key, activity in self.activities.items()}
        rids = {contact_id: rid for rid, contact_id in self.contacts.items()}
        rows = self.env.execute_query_dict(
            SQL(
                """SELECT p.res_id, p.state AS p_state, t.activity_id, t.state, t.schedule_date, t.end_code
                     FROM marketing_participant p LEFT JOIN marketing_trace t ON t.participant_id = p.id
                    WHERE p.campaign_id = %s""",
                self.campaign.id,
            )
        )
        found = {}
        for row in rows:
            traces = found.setdefault(rids[row["res_id"]], (row["p_state"], {}))[1]
            if row["activity_id"]:
                traces[keys[row["activity_id"]]] = (row["state"], row["schedule_date"], row["end_code"])
        return found

    def trace(self, rid, key):
        activity = self.activities[key]
        return activity.trace_ids.sudo().filtered(lambda trace: trace.res_id == self.contacts[rid])

    # the world

    def add(self, values):
        color, email = values
        self.made += 1
        rid = self.made
        contact = self.env["res.partner"].create(
            {
                "name": f"Contact {rid}",
                "color": color,
                "email": email,
                "category_id": [(4, self.case.category.id)],
            }
        )
        self.contacts[rid] = contact.id
        self.model.records[rid] = Record(rid, color, email, email in self.blocked)

    def contact(self, rid):
        return self.env["res.partner"].browse(self.contacts[rid])

    def color(self, index, color):
        rid = pick(self.model.records, index)
        if rid:
            self.model.records[rid].color = color
            self.contact(rid).color = color

    def email(self, index, email):
        rid = pick(self.model.records, index)
        if rid:
            self.model.records[rid].email = email
            self.model.records[rid].blocked = email in self.blocked
            self.contact(rid).email = email

    def block(self, email, yes):
        (self.blocked.add if yes else self.blocked.discard)(email)
        self.env["mail.blacklist"].sudo().search([("email", "=", email)]).unlink()
        if yes:
            self.env["mail.blacklist"]._add(email)
        for record in self.model.records.values():
            record.blocked = record.email in self.blocked

    def delete(self, index):
        rid = pick(self.model.records, index)
        if rid:
            del self.model.records[rid]
            self.contact(rid).unlink()

    # the workflow as it is edited

    def _campaign_values(self):
        domain = [("category_id", "in", self.case.category.ids)]
        if self.plan.colors is not None:
            domain.append(("color", "in", sorted(self.plan.colors)))
        return {"domain": repr(domain), "leave_on_mismatch": self.plan.leave}

    def _step_values(self, step):
        return {
            "parent_id": self.activities[step.parent].id if step.parent else False,
            "trigger_type": step.trigger,
            "interval_number": step.number,
            "interval_type": step.unit,
            "validity_duration": bool(step.expiry),
            "validity_duration_number": step.expiry[0] if step.expiry else 1,
            "validity_duration_type": step.expiry[1] if step.expiry else "days",
            "activity_domain": "[]" if step.colors is None else repr([("color", "in", sorted(step.colors))]),
        }

    def _steps(self):
        return {step.key: step for step in self.plan.steps}

    def _triggers_of(self, key):
        """Return the triggers that a step below a parent, or the beginning, can have."""
        return TRIGGERS[self._steps()[key].kind] if key else ["begin"]

    def _below(self, key):
        below = {key}
        for step in self.plan.steps:  # parents come first
            if step.parent in below:
                below.add(step.key)
        return below

    def _write_step(self, step, what):
        steps = [step if other.key == step.key else other for other in self.plan.steps]
        # parents first, wherever it was moved
        ordered, known = [], {None}
        while steps:
            ready = [other for other in steps if other.parent in known]
            ordered += ready
            known |= {other.key for other in ready}
            steps = [other for other in steps if other not in ready]
        self.plan = replace(self.plan, steps=tuple(ordered))
        self.activities[step.key].write(self._step_values(step))
        self.edited.setdefault(step.key, set()).add(what)

    def add_step(self, draft):
        if len(self.activities) >= MAX_STEPS:
            return
        keys = [step.key for step in self.plan.steps]
        parent = None if draft["parent"] is None else pick(keys, draft["parent"])
        key = f"s{self.steps_made:02}"
        self.steps_made += 1
        step = Step(
            key=key,
            parent=parent,
            kind=draft["kind"],
            trigger=pick(self._triggers_of(parent), draft["trigger"]),
            number=draft["interval"][0],
            unit=draft["interval"][1],
            expiry=draft["expiry"],
            colors=draft["colors"],
        )
        make = self.case._create_email if step.kind == "email" else self.case._create_action
        more = {} if step.kind == "email" else {"code": CODE.format(key=key)}
        values = self._step_values(step)
        trigger, parent_id = values.pop("trigger_type"), values.pop("parent_id")
        parent_activity = self.env["marketing.activity"].browse(parent_id or [])
        self.activities[key] = make(self.campaign, key, trigger, parent_activity, **more, **values).sudo()
        self.plan = replace(self.plan, steps=(*self.plan.steps, step))
        self.edited.setdefault(key, set()).add("add")

    def remove_step(self, index):
        if len(self.plan.steps) < 2:
            return
        key = pick([step.key for step in self.plan.steps[1:]], index)
        gone = self._below(key)
        self.removed += [step for step in self.plan.steps if step.key in gone]
        self.plan = replace(self.plan, steps=tuple(step for step in self.plan.steps if step.key not in gone))
        self.activities[key].action_remove()
        for key in gone:
            self.edited.setdefault(key, set()).add("remove")
            if not self.activities[key].exists():
                self.removed = [step for step in self.removed if step.key != key]
                del self.activities[key]

    def restore_step(self, index):
        step = pick(self.removed, index)
        if not step or (step.parent and step.parent not in self._steps()):
            return
        if step.trigger not in self._triggers_of(step.parent):
            return
        self.removed.remove(step)
        self.activities[step.key].action_unarchive()
        self.plan = replace(self.plan, steps=(*self.plan.steps, step))
        self.edited.setdefault(step.key, set()).add("restore")

    def move_step(self, index, parent_index, trigger):
        step = pick(self.plan.steps, index)
        below = self._below(step.key)
        keys = [key for key in self._steps() if key not in below]
        parent = None if parent_index is None else pick(keys, parent_index)
        if parent != step.parent and (parent is not None or len(self.plan.steps) > 1):
            self._write_step(replace(step, parent=parent, trigger=pick(self._triggers_of(parent), trigger)), "move")

    def retime_step(self, index, interval):
        step = pick(self.plan.steps, index)
        self._write_step(replace(step, number=interval[0], unit=interval[1]), "retime")

    def retrigger_step(self, index, trigger):
        step = pick([step for step in self.plan.steps if step.parent], index)
        if step:
            self._write_step(replace(step, trigger=pick(self._triggers_of(step.parent), trigger)), "retrigger")

    def expire_step(self, index, expiry):
        self._write_step(replace(pick(self.plan.steps, index), expiry=expiry), "expire")

    def filter_step(self, index, colors):
        self._write_step(replace(pick(self.plan.steps, index), colors=colors), "refilter")

    def filter(self, colors):
        self.plan = replace(self.plan, colors=colors)
        self.campaign.write(self._campaign_values())

    def leave(self, yes):
        self.plan = replace(self.plan, leave=yes)
        self.campaign.write(self._campaign_values())

    # what users do

    def start(self):
        if self.state == "running" or not any(step.parent is None for step in self.plan.steps):
            return
        self.campaign.action_start_campaign()
        self.model.start(self.now, self.plan)
        self.state = "running"

    def stop(self):
        if self.state == "running":
            self.campaign.action_stop_campaign()
            self.model.stop(self.now)
            self.state = "stopped"

    def update(self, late):
        if self.state == "running" and any(step.parent is None for step in self.plan.steps):
            self.campaign.action_update_participants(late=late)
            self.model.update(self.now, self.plan, late)

    def retry(self, index, key_index):
        errors = [
            (rid, key)
            for rid, (state, traces) in self.model.snapshot().items()
            for key, trace in sorted(traces.items())
            if trace[0] == "error" and state != "unlinked"
        ]
        chosen = pick(errors, index + key_index)
        if chosen:
            self.trace(*chosen).with_user(self.case.marketer).action_retry()
            self.model.retry(self.now, *chosen)

    def remove(self, index):
        rid = pick([rid for rid, (state, _traces) in self.model.snapshot().items() if state != "unlinked"], index)
        if rid:
            participant = self.campaign.participant_ids.filtered(lambda p: p.res_id == self.contacts[rid])
            participant.action_remove()
            self.model.remove(self.now, rid)

    def break_(self, index, key_index, broken):
        rid, key = pick(self.model.records, index), pick(self._steps(), key_index)
        if not rid or self._steps()[key].kind != "action":
            return
        (self.broken.add if broken else self.broken.discard)((rid, key))
        self.contact(rid).ref = "".join(f"|{other}|" for of, other in sorted(self.broken) if of == rid)
        self.model.break_(rid, key, broken)

    # what others do

    def event(self, index, key_index, event):
        """An event of a message that was made."""
        chosen = pick(self._messages(), index + key_index)
        if chosen:
            self._event(*chosen, event)

    def react(self, index, event_index):
        """An event that a step below a message is about."""
        about = [
            (rid, key, AWAITED[step.trigger])
            for rid, key in self._messages()
            for step in self.plan.steps
            if step.parent == key and step.trigger in AWAITED
        ]
        chosen = pick(about, index + event_index)
        if chosen:
            self._event(*chosen)

    def _messages(self):
        return [
            (rid, key)
            for rid, (_state, traces) in self.model.snapshot().items()
            for key, trace in sorted(traces.items())
            if trace[0] == "processed" and self.activities[key].activity_type == "email"
        ]

    def _event(self, rid, key, event):
        self.env["marketing.trace.event"].record_events(event, self.trace(rid, key).ids, "story", date=self.now)
        self.model.event(self.now, rid, key, event)

    def refuse(self, index):
        """The mail server refuses a message that it has not accepted."""
        waiting = [(rid, key) for rid, key in self._messages() if not self.trace(rid, key).sent_date]
        chosen = pick(waiting, index)
        if chosen:
            self._event(*chosen, "failed")

    def accept_all(self):
        """The mail server takes what waits for it."""
        for rid, (_state, traces) in self.model.snapshot().items():
            for key in sorted(traces):
                trace = self.trace(rid, key)
                if trace.state == "processed" and not trace.sent_date and trace.activity_id.activity_type == "email":
                    self._event(rid, key, "sent")

    # what the crons do

    def _in_transactions(self, method, *args):
        """Run the engine on a cursor of its own, which commits."""
        self.env.flush_all()
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            getattr(env["marketing.campaign"].browse(self.campaign.id), method)(*args)
        self.env.invalidate_all()

    def sync(self):
        self._in_transactions("sync_participants", self.now)
        self.model.sync(self.now)

    def run(self, wait):
        self.now += wait
        self._in_transactions("execute_activities", self.now)
        self.model.execute(self.now)

    def live(self, wait):
        """Time passes, and the mail server takes what there is."""
        self.run(wait)
        self.accept_all()
        self.run(timedelta(0))

    def check_effects(self):
        """No action ran twice for anybody; each one that is processed ran."""
        for rid, (_state, traces) in self.model.snapshot().items():
            if rid not in self.model.records:
                continue
            ran = Counter((self.contact(rid).function or "").split(";")[:-1])
            expected = {
                key: 1
                for key, trace in traces.items()
                if trace[0] == "processed" and self.activities[key].activity_type == "action"
            }
            self.case.assertEqual(dict(ran), expected, f"what ran for record {rid}")

    def count(self, reached):
        """Count what this story reached, by trigger, ending and edit."""
        steps = {step.key: step for step in (*self.removed, *self.plan.steps)}
        for _state, traces in self.model.snapshot().values():
            for key, (state, _due, code) in traces.items():
                for edit in self.edited.get(key) or {"none"}:
                    reached[steps[key].trigger, state, edit] += 1
                reached[steps[key].trigger, state, code or ""] += 1


class _Undo(Exception):
    """Ends an example."""


@tagged("post_install", "-at_install")
class TestReference(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contacts.category_id = False
        cls.reached = Counter()

    @classmethod
    def _create_template(cls, title, body=BODY, **values):
        return super()._create_template(title, body, **values)

    def _tell(self, story):
        with suppress(_Undo), self.env.cr.savepoint():
            both = Both(self, story)
            both.tell(("start",))
            both.tell(("run", timedelta(0)))
            for move in story.moves:
                both.tell(move)
            both.tell(("run", timedelta(days=1)))
            both.check_effects()
            both.count(self.reached)
            raise _Undo()
        self.env.invalidate_all()

    @settings(
        max_examples=EXAMPLES or 60,
        derandomize=not EXAMPLES,
        deadline=None,
        print_blob=True,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=True))
    def test_engine_does_what_the_reference_says(self, random):
        story = Teller(random).story()
        with self.enter_registry_test_mode():
            self._tell(story)

    @classmethod
    def tearDownClass(cls):
        if COVERAGE:
            lines = {" ".join(key): count for key, count in sorted(cls.reached.items())}
            Path(COVERAGE).write_text(json.dumps(lines, indent=1))
        super().tearDownClass()
