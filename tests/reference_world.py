"""One world, twice: the engine on real records and the reference model, to which the same things happen."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from unittest.mock import patch

from reference import Campaign
from reference_coverage import Diary
from reference_facts import PLAIN, Plan, Record, Step, step_of, visit_id
from reference_messages import AWAITED, Messages, pick
from reference_steps import Steps

from odoo import api, fields
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.marketing_automation.tests.counters import counter_differences

TRIGGERS = {
    **dict.fromkeys(("action", *PLAIN), ["activity"]),
    "back": ["activity"],
    "choice": ["activity", "choice_yes", "choice_no"],
    "condition": ["activity", "cond_yes", "cond_no"],
    "email": ["activity", *AWAITED],
    "end": [],
    "jump": [],
    "split": ["activity", "branch_0", "branch_1"],
    "wait": ["activity", "wait_done", "wait_timeout"],
}
MAX_STEPS = 10


@dataclass(frozen=True)
class Target:
    """Where a model has what the stories are about.

    :param color: by which the filters choose
    :param to_color: what that field has for a number
    :param broken: which actions fail for a record
    :param ran: which actions ran for it
    :param named: what the campaign's filter names, a tag or a list
    """

    model: str
    color: str
    to_color: type
    broken: str
    ran: str
    named: str
    named_model: str


TARGETS = {
    "contact": Target("res.partner", "color", int, "ref", "function", "category_id", "res.partner.category"),
    "subscriber": Target("mailing.contact", "company_name", str, "first_name", "last_name", "list_ids", "mailing.list"),
}


class Both(Messages, Steps):
    """The model and the engine, to which the same things happen.

    :param case: the MarketingAutomationCommon
    :param story: its Story
    :param reached: Counter of what stories reach
    """

    def __init__(self, case, story, reached):
        self.case, self.env = case, case.env
        self.story, self.target = story, TARGETS[story.target]
        self.model, self.diary = Campaign(story.tz, story.proxies, story.target == "contact"), Diary(reached)
        self.model.numbers_of = self._numbers_of
        self.now = story.start
        self.plan = Plan(steps=(), colors=story.colors, leave=story.leave, goal=story.goal)
        self.removed, self.activities, self.contacts = {}, {}, {}
        self.named = []  # the tags, or lists, that the filter named one after the other
        self.broken = set()
        self.made = self.steps_made = 0
        self.links = self._make_links()
        self.mailing_list = self.env["mailing.list"].create({"name": "Of list steps"})
        self.state = "draft"
        case.marketer.tz = story.tz
        self._name_another()
        self.campaign = case._create_campaign(
            name="Reference",
            model_id=self.env["ir.model"]._get_id(self.target.model),
            count_machine_opens=story.proxies,
            **self._campaign_values(),
        )
        for values in story.records:
            self.add(values)
        for draft in story.steps:
            self.add_step(draft)
        if story.elsewhere:
            with self._clock():
                self._run_elsewhere()

    def tell(self, move):
        """Have something happen, and compare."""
        name, *args = move
        with self._clock():
            getattr(self, "break_" if name == "break" else name)(*args)
        self.compare(move)
        self.diary.look(self.model)

    def _clock(self):
        return patch.object(fields.Datetime, "now", staticmethod(lambda *_args: self.now))

    # what the model and the engine look like

    def compare(self, move):
        found, expected = self.found(), self.model.snapshot()
        runs = self.campaign.state == "running"
        self.state = self.campaign.state
        self._forgive_asking(found, expected)
        if found == expected and runs == self.model.running:
            return
        lines = [f"{self.story}\nafter {move} at {self.now}, {self.plan}:"]
        if runs != self.model.running:
            lines.append(f"campaign: engine {self.campaign.state}, reference {self.model.running}")
        for rid in sorted(found.keys() | expected.keys()):
            ours, theirs = found.get(rid, (None, {})), expected.get(rid, (None, {}))
            if ours[0] != theirs[0]:
                lines.append(f"record {rid}: engine {ours[0]}, reference {theirs[0]}")
            for key in sorted(ours[1].keys() | theirs[1].keys()):
                if ours[1].get(key) != theirs[1].get(key):
                    lines.append(f"record {rid}, {key}: engine {ours[1].get(key)}, reference {theirs[1].get(key)}")
        self.case.fail("\n".join(lines))

    def _forgive_asking(self, found, expected):
        """Let those who wait be asked more often than needed: what they are told depends on what is true then."""
        for rid, (_state, traces) in found.items():
            theirs = expected.get(rid, (None, {}))[1]
            for key, (trace_state, due, code, since, branch) in traces.items():
                if since and due and due <= self.now and key in theirs:
                    traces[key] = trace_state, theirs[key][1], code, since, branch

    def found(self):
        self.env.flush_all()
        keys = {activity.id: key for key, activity in self.activities.items()}
        rids = {contact_id: rid for rid, contact_id in self.contacts.items()}
        rows = self.env.execute_query_dict(
            SQL(
                """SELECT p.res_id, p.state || CASE WHEN p.goal_date IS NULL THEN '' ELSE ' at the goal' END AS p_state,
                          t.activity_id, t.visit, t.state, t.schedule_date,
                          t.end_code, CASE WHEN t.state = 'scheduled' THEN t.waiting_since END AS since, t.branch
                     FROM marketing_participant p LEFT JOIN marketing_trace t ON t.participant_id = p.id
                    WHERE p.campaign_id = %s""",
                self.campaign.id,
            )
        )
        found = {}
        for row in rows:
            traces = found.setdefault(rids[row["res_id"]], (row["p_state"], {}))[1]
            if row["activity_id"]:
                trace_id = visit_id(keys[row["activity_id"]], row["visit"])
                tells = self.model.kind_of(keys[row["activity_id"]]) in ("condition", "wait")
                branch = row["branch"] if tells else None
                traces[trace_id] = (row["state"], row["schedule_date"], row["end_code"], row["since"], branch)
        return found

    def trace(self, rid, trace_id):
        key, visit = step_of(trace_id)
        traces = self.activities[key].trace_ids.sudo()
        return traces.filtered(lambda trace: (trace.res_id, trace.visit) == (self.contacts[rid], visit))

    def _numbers_of(self, rid, key):
        """Return the ids that a split goes by: of its activity and of a participant."""
        of = [("campaign_id", "=", self.campaign.id), ("res_id", "=", self.contacts[rid])]
        return self.activities[key].id, self.env["marketing.participant"].search(of).id

    # the world

    def add(self, values):
        color, email, *name = values
        self.made += 1
        rid = name[0] if name else f"r{self.made:02}"
        email = self._own(rid, email)
        contact = self.env[self.target.model].create(
            {
                "name": f"Contact {rid}",
                self.target.color: self.target.to_color(color),
                "email": email,
                self.target.named: [(4, named.id) for named in self.named if named.exists()],
            }
        )
        self.contacts[rid] = contact.id
        self.model.records[rid] = Record(rid, color, email)

    def _own(self, rid, email):
        """Subscribers share no address: who opts out is one of them."""
        return f"{rid}.{email}" if email and self.story.target == "subscriber" else email

    def contact(self, rid):
        return self.env[self.target.model].browse(self.contacts[rid])

    def color(self, which, color):
        rid = pick(self.model.records, which)
        if rid:
            self.model.records[rid].color = color
            self.contact(rid)[self.target.color] = self.target.to_color(color)

    def email(self, which, email):
        rid = pick(self.model.records, which)
        if rid:
            self.model.records[rid].email = self.contact(rid).email = self._own(rid, email)

    def block(self, which, yes):
        """Somebody blocklists an address, a record's or any, or lifts that."""
        rid = pick(self.model.records, which)
        address = self.model.records[rid].address if rid else which
        if not address or isinstance(address, int):
            return
        blocklist = self.env["mail.blacklist"]
        if yes:
            blocklist._add(address)
        else:
            blocklist._remove(address)
        self.model.block(self.now, address, yes)

    def opt_out(self, which, yes):
        """Somebody leaves the list that the filter names, or comes back to it."""
        rid = pick(self.model.records, which) if self.story.target == "subscriber" else None
        subscription = self.contact(rid).subscription_ids.filtered(self._is_of_named) if rid else None
        if subscription:
            subscription.opt_out = yes
            self.model.opt_out(self.now, rid, yes)

    def _is_of_named(self, subscription):
        return subscription.list_id == self.named[self.model.plan.named]

    def delete(self, which):
        rid = pick(self.model.records, which)
        if rid:
            self.model.delete(self.now, rid)
            self.contact(rid).unlink()

    def lose(self):
        """Somebody deletes the tag, or the list, that the filter names."""
        if self.plan.named not in self.model.lost:
            named = self.named[self.plan.named]
            if self.state == "running" and named._name == "mailing.list":
                with self.case.assertRaisesRegex(UserError, "take it out of the filter"), self.env.cr.savepoint():
                    named.unlink()
                return
            named.unlink()
            self.model.lost.add(self.plan.named)
            for record in self.model.records.values():
                record.opted_out = False

    def mend(self):
        """Somebody has the filter name another."""
        if self.plan.named in self.model.lost:
            self._name_another()
            self.plan = replace(self.plan, named=len(self.named) - 1)
            self.campaign.write(self._campaign_values())

    def _name_another(self):
        """Make another tag or list, which all records have."""
        named = self.env[self.target.named_model].create({"name": f"Named {len(self.named)}"})
        for rid in self.model.records:
            self.contact(rid).write({self.target.named: [(4, named.id)]})
        self.named.append(named)

    # the workflow as it is edited

    def _campaign_values(self):
        domain = [(self.target.named, "in", self.named[self.plan.named].ids), *self._filter(self.plan.colors)]
        return {"domain": repr(domain), "leave_on_mismatch": self.plan.leave, **self._goal_values()}

    def _goal_values(self):
        goal = self.plan.goal
        lines = [self._line(line) for line in goal.lines]
        return {
            "goal_domain": repr(self._filter(goal.colors)),
            "goal_behavior": {"any": goal.is_any, "lines": lines} if lines else False,
            "goal_window_number": 1000,
            "goal_window_unit": "months",
            "goal_leave": goal.leave,
            "exit_domain": repr(self._filter(goal.exits)),
        }

    def aim(self, goal):
        """Somebody changes what the campaign is for, and who leaves."""
        if self.plan.named not in self.model.lost:
            self.plan = replace(self.plan, goal=goal)
            self.campaign.write(self._goal_values())

    def _filter(self, colors):
        return [] if colors is None else [(self.target.color, "in", [*map(self.target.to_color, sorted(colors))])]

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
        parents = [step.key for step in self.plan.steps if TRIGGERS[step.kind]]
        parent = None if draft["parent"] is None else pick(parents, draft["parent"])
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
            bounces=draft.get("bounces", "any"),
            link=draft.get("link"),
            yes=draft.get("yes", frozenset({0})),
            to=draft.get("to"),
            limit=draft.get("limit", 1),
            weights=draft.get("weights", (1, 1)),
            lines=draft.get("lines", ()),
            is_any=draft.get("is_any", False),
            wait=draft.get("wait") if draft["kind"] == "wait" else None,
            sets=draft.get("sets", 0),
        )
        values = self._step_values(step)
        trigger, parent_id = values.pop("trigger_type"), values.pop("parent_id")
        parent_activity = self.env["marketing.activity"].browse(parent_id or [])
        self.activities[key] = self._make(step)(self.campaign, key, trigger, parent_activity, **values).sudo()
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
        keys = [key for key, other in self._steps().items() if key not in below and TRIGGERS[other.kind]]
        parent = None if parent_which is None else pick(keys, parent_which)
        if parent != step.parent and (parent is not None or len(self.plan.steps) > 1):
            self._write_step(replace(step, parent=parent, trigger=self._trigger(parent, trigger)))

    def retime_step(self, which, interval):
        step = self._step(which)
        if step:
            self._write_step(replace(step, number=interval[0], unit=interval[1]))

    def retrigger_step(self, which, trigger, bounces="any", link=None):
        step = self._steps().get(pick([step.key for step in self.plan.steps if step.parent], which))
        trigger = step and pick(self._triggers_of(step.parent), trigger)
        if trigger:
            self._write_step(replace(step, trigger=trigger, bounces=bounces, link=link))

    def weigh_step(self, which, weights):
        """Somebody changes the weights of a split."""
        step = self._steps().get(pick([step.key for step in self.plan.steps if step.kind == "split"], which))
        if step:
            for branch, weight in zip(self.activities[step.key].branch_ids, weights, strict=True):
                branch.weight = weight
            self._write_step(replace(step, weights=weights))

    def choose_winner(self, which, branch):
        """Somebody has everybody take a branch of a split that runs; None: people go by the weights again."""
        key = pick([step.key for step in self.model.plan.steps if step.kind == "split"], which)
        if key is None or self.state != "running":
            return
        split = self.activities[key]
        if branch is None:
            split.action_clear_winner()
        else:
            split.branch_ids[branch].action_choose_winner()
        self.model.choose_winner(key, branch)

    def expire_step(self, which, expiry):
        step = self._step(which)
        if step:
            self._write_step(replace(step, expiry=expiry))

    def filter_step(self, which, colors):
        step = self._step(which)
        if step:
            self._write_step(replace(step, colors=colors))

    def filter(self, colors):
        if self.plan.named in self.model.lost:
            return
        self.plan = replace(self.plan, colors=colors)
        self.campaign.write(self._campaign_values())

    def leave(self, yes):
        if self.plan.named in self.model.lost:
            return
        self.plan = replace(self.plan, leave=yes)
        self.campaign.write(self._campaign_values())

    # what users do

    def start(self):
        if self.state == "running" or not self._may_run(self.campaign.action_start_campaign):
            return
        self.campaign.action_start_campaign()
        self.diary.update(self.model, self.plan)
        self.model.start(self.now, self.plan)

    def stop(self):
        if self.state == "running":
            self.campaign.action_stop_campaign()
            self.model.stop(self.now)

    def update(self, late):
        if self.state == "running" and self._may_run(self.campaign.action_update_participants):
            self.campaign.action_update_participants(late=late)
            self.diary.update(self.model, self.plan)
            self.model.update(self.now, self.plan, late)

    def _may_run(self, refused):
        """Tell whether Start and Update can be pressed: they refuse a filter that names what was deleted."""
        if self.plan.named in self.model.lost:
            with self.case.assertRaises(UserError):
                refused()
            return False
        return any(step.parent is None for step in self.plan.steps)

    def _traces(self):
        """Yield (rid, key, trace, whether the participant is inside)."""
        for rid, participant in self.model.participants.items():
            for key, trace in sorted(participant.traces.items()):
                yield rid, key, trace, not participant.is_over

    def retry(self, which):
        errors = [
            (rid, key) for rid, key, trace, inside in self._traces() if inside and self.model.may_be_retried(rid, trace)
        ]
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
            self.contact(rid)[self.target.broken] = "".join(f"|{key}|" for of, key in sorted(self.broken) if of == rid)
            self.model.break_(*chosen, broken)

    # what the crons do

    def _in_transactions(self, work, *args):
        """Run the engine on a cursor of its own, which commits."""
        self.env.flush_all()
        with self.env.registry.cursor() as cr:
            work(api.Environment(cr, api.SUPERUSER_ID, {}), *args)
        self.env.invalidate_all()

    def _call_engine(self, env, method):
        campaign = env["marketing.campaign"].browse(self.campaign.id)
        if campaign.state == "running":  # as its crons do
            getattr(campaign, method)(self.now)

    def sync(self):
        self._in_transactions(self._call_engine, "sync_participants")
        self.model.sync(self.now)

    def run(self, wait):
        self.now += wait
        self._in_transactions(self._call_engine, "execute_activities")
        self.model.execute(self.now)

    def live(self, wait):
        """Time passes, and the mail server takes what there is."""
        self.run(wait)
        self.accept_all()
        self.run(timedelta(0))

    def check_effects(self):
        """No action ran twice for anybody; each one that is processed ran; screens count what is there."""
        self.case.assertEqual(counter_differences(self.env), [])
        for rid in self.model.snapshot().keys() & self.model.records.keys():
            ran = Counter((self.contact(rid)[self.target.ran] or "").split(";")[:-1])
            processed = [
                trace.key for of, _id, trace, _inside in self._traces() if of == rid and trace.state == "processed"
            ]
            actions = [key for key in processed if self.activities[key].activity_type == "action"]
            self.case.assertEqual(ran, Counter(actions), f"what ran for record {rid}")
        if self.story.target == "contact":
            self._check_plain_effects()

    def _check_plain_effects(self):
        """Plain steps have done what they do for whom they are processed, once."""
        messages = self.env["mail.message"].search([("message_type", "=", "user_notification")])
        told = [(message.body, message.partner_ids) for message in messages]
        for rid in self.model.records:
            record, contact = self.model.records[rid], self.contact(rid)
            person = self.case.marketer if record.is_assigned else self.env["res.users"]
            self.case.assertEqual(contact.user_id, person, f"who is responsible for record {rid}")
            planned = contact.activity_ids.mapped("summary")
            self.case.assertEqual(sorted(planned), sorted(record.tasks), f"what is planned for record {rid}")
            about = [(body, people) for body, people in told if f'res_id={contact.id}"' in body]
            found = [re.search(r"<p>(\w+)</p>", body).group(1) for body, _people in about]
            self.case.assertEqual(sorted(found), sorted(record.told), f"who is told of record {rid}")
            self.case.assertTrue(all(people == self.case.marketer.partner_id for _body, people in about))
        listed = set(self.mailing_list.contact_ids.mapped("email_normalized"))
        self.case.assertEqual(listed, self.model.listed, "who is on the list")
