"""One world, twice: the engine on real records and the reference model, to which the same things happen."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product
from unittest.mock import patch

from reference import NEGATIVE, POSITIVE, Campaign, Plan, Record, Step
from reference_coverage import Diary

from odoo import api, fields
from odoo.tools import SQL

CODE = """
if '|{key}|' in (record.ref or ''):
    raise UserError('broken')
record.sudo().write({{'function': (record.function or '') + '{key};'}})
"""
AWAITED = {**POSITIVE, **NEGATIVE}
TRIGGERS = {"action": ["activity"], "email": ["activity", *AWAITED]}
MAX_STEPS = 10


def pick(items, which):
    """Return the one that is meant, by a number of any size or by itself; None where it is not there."""
    items = list(items)
    if not isinstance(which, int):
        return which if which in items else None
    return items[which % len(items)] if items else None


class Both:
    """The model and the engine, to which the same things happen.

    :param case: the MarketingAutomationCommon
    :param story: its Story
    :param reached: Counter of what stories reach
    """

    def __init__(self, case, story, reached):
        self.case, self.env = case, case.env
        self.story = story
        self.model, self.diary = Campaign(story.tz), Diary(reached)
        self.now = story.start
        self.plan = Plan(steps=(), colors=story.colors, leave=story.leave)
        self.removed, self.activities, self.contacts, self.blocked = {}, {}, {}, set()
        self.broken = set()
        self.made = self.steps_made = 0
        self.state = "draft"
        case.marketer.tz = story.tz
        self.campaign = case._create_campaign(name="Reference", **self._campaign_values())
        for values in story.records:
            self.add(values)
        for draft in story.steps:
            self.add_step(draft)

    def tell(self, move):
        """Have something happen, and compare."""
        name, *args = move
        with patch.object(fields.Datetime, "now", staticmethod(lambda *_args: self.now)):
            getattr(self, "break_" if name == "break" else name)(*args)
        self.compare(move)
        self.diary.look(self.model)

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
        color, email, *name = values
        self.made += 1
        rid = name[0] if name else f"r{self.made:02}"
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

    def color(self, which, color):
        rid = pick(self.model.records, which)
        if rid:
            self.model.records[rid].color = color
            self.contact(rid).color = color

    def email(self, which, email):
        rid = pick(self.model.records, which)
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

    def delete(self, which):
        rid = pick(self.model.records, which)
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

    def _trigger(self, parent, which):
        return pick(self._triggers_of(parent), which) or self._triggers_of(parent)[0]

    def _below(self, key):
        below = {key}
        for step in self.plan.steps:  # parents come first
            if step.parent in below:
                below.add(step.key)
        return below

    def _write_step(self, step):
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

    def add_step(self, draft):
        if len(self.activities) >= MAX_STEPS:
            return
        parent = None if draft["parent"] is None else pick(self._steps(), draft["parent"])
        self.steps_made += 1
        key = draft.get("key") or f"s{self.steps_made:02}"
        step = Step(
            key=key,
            parent=parent,
            kind=draft["kind"],
            trigger=self._trigger(parent, draft["trigger"]),
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

    def remove_step(self, which):
        key = pick([step.key for step in self.plan.steps[1:]], which)
        if not key:
            return
        gone = self._below(key)
        self.removed |= {step.key: step for step in self.plan.steps if step.key in gone}
        self.plan = replace(self.plan, steps=tuple(step for step in self.plan.steps if step.key not in gone))
        self.activities[key].action_remove()
        for key in gone:
            if not self.activities[key].exists():
                del self.removed[key], self.activities[key]

    def restore_step(self, which):
        step = self.removed.get(pick(self.removed, which))
        if not step or (step.parent and step.parent not in self._steps()):
            return
        if step.trigger not in self._triggers_of(step.parent):
            return
        del self.removed[step.key]
        self.activities[step.key].action_unarchive()
        self.plan = replace(self.plan, steps=(*self.plan.steps, step))

    def _step(self, which):
        return self._steps().get(pick(self._steps(), which))

    def move_step(self, which, parent_which, trigger):
        step = self._step(which)
        if not step:
            return
        below = self._below(step.key)
        keys = [key for key in self._steps() if key not in below]
        parent = None if parent_which is None else pick(keys, parent_which)
        if parent != step.parent and (parent is not None or len(self.plan.steps) > 1):
            self._write_step(replace(step, parent=parent, trigger=self._trigger(parent, trigger)))

    def retime_step(self, which, interval):
        step = self._step(which)
        if step:
            self._write_step(replace(step, number=interval[0], unit=interval[1]))

    def retrigger_step(self, which, trigger):
        step = self._steps().get(pick([step.key for step in self.plan.steps if step.parent], which))
        trigger = step and pick(self._triggers_of(step.parent), trigger)
        if trigger:
            self._write_step(replace(step, trigger=trigger))

    def expire_step(self, which, expiry):
        step = self._step(which)
        if step:
            self._write_step(replace(step, expiry=expiry))

    def filter_step(self, which, colors):
        step = self._step(which)
        if step:
            self._write_step(replace(step, colors=colors))

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
        self.diary.update(self.model, self.plan)
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
            self.diary.update(self.model, self.plan)
            self.model.update(self.now, self.plan, late)

    def _traces(self):
        """Yield (rid, key, state, code, whether the participant is inside) of each trace."""
        for rid, (state, traces) in self.model.snapshot().items():
            for key, (trace_state, _due, code) in sorted(traces.items()):
                yield rid, key, trace_state, code, state != "unlinked"

    def retry(self, which):
        errors = [(rid, key) for rid, key, state, _code, inside in self._traces() if state == "error" and inside]
        chosen = pick(errors, which)
        if chosen:
            self.trace(*chosen).with_user(self.case.marketer).action_retry()
            self.model.retry(self.now, *chosen)

    def remove(self, which):
        rid = pick([rid for rid, (state, _traces) in self.model.snapshot().items() if state != "unlinked"], which)
        if rid:
            participant = self.campaign.participant_ids.filtered(lambda p: p.res_id == self.contacts[rid])
            participant.action_remove()
            self.model.remove(self.now, rid)

    def break_(self, which, broken):
        actions = [step.key for step in self.plan.steps if step.kind == "action"]
        chosen = pick(product(self.model.records, actions), which)
        if chosen:
            rid = chosen[0]
            (self.broken.add if broken else self.broken.discard)(chosen)
            self.contact(rid).ref = "".join(f"|{key}|" for of, key in sorted(self.broken) if of == rid)
            self.model.break_(*chosen, broken)

    # what others do

    def event(self, which, event):
        """An event of a message that was made."""
        chosen = pick(self._messages(), which)
        if chosen:
            self._event(*chosen, event)

    def react(self, which):
        """An event that a step below a message is about."""
        about = [
            (rid, key, AWAITED[step.trigger])
            for rid, key in self._messages()
            for step in self.plan.steps
            if step.parent == key and step.trigger in AWAITED
        ]
        chosen = pick(about, which)
        if chosen:
            self._event(*chosen)

    def _messages(self):
        return [
            (rid, key)
            for rid, key, state, code, _inside in self._traces()
            if self.activities[key].activity_type == "email" and (state == "processed" or code == "refused")
        ]

    def _event(self, rid, key, event):
        self.env["marketing.trace.event"].record_events(event, self.trace(rid, key).ids, "story", date=self.now)
        self.model.event(self.now, rid, key, event)

    def _unaccepted(self):
        """Return the messages that wait for the mail server."""
        traces = {chosen: self.trace(*chosen) for chosen in self._messages()}
        return [chosen for chosen, trace in traces.items() if trace.state == "processed" and not trace.sent_date]

    def refuse(self, which):
        """The mail server refuses a message that it has not accepted."""
        chosen = pick(self._unaccepted(), which)
        if chosen:
            self._event(*chosen, "failed")

    def accept_all(self):
        """The mail server takes what waits for it."""
        for rid, key in self._unaccepted():
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
        for rid in self.model.snapshot().keys() & self.model.records.keys():
            ran = Counter((self.contact(rid).function or "").split(";")[:-1])
            processed = [key for of, key, state, *_rest in self._traces() if of == rid and state == "processed"]
            actions = [key for key in processed if self.activities[key].activity_type == "action"]
            self.case.assertEqual(ran, Counter(actions), f"what ran for record {rid}")
