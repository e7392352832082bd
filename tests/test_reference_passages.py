"""Re-entry against a reference model: generated stories of one campaign, compared after each move.

``reference_passages.py`` says in plain Python who enters again. ``MARKETING_EXAMPLES`` tells more stories,
``MARKETING_SEED`` others.
"""

import os
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from unittest.mock import patch

from reference_passages import Passages, Record, Settings

from odoo import api, fields
from odoo.api import SUPERUSER_ID
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon

EXAMPLES = max(18, int(os.environ.get("MARKETING_EXAMPLES", 0)))
SEED = int(os.environ.get("MARKETING_SEED", 1))
START = datetime(2026, 3, 27, 7)
REACHED = {
    *((mode, code) for mode in ("after_end", "restart") for code in (None, "left_filter", "removed_by_hand")),
    *(("never", "left_filter"), ("restart", "restarted"), "again", "resumed", "twin", "third"),
}


class _Undo(Exception):
    """Ends a story."""


@tagged("post_install", "-at_install")
class TestReferencePassages(MarketingAutomationCommon):
    def test_who_enters_again(self):
        reached = Counter()
        for number in range(EXAMPLES):
            with self.subTest(number=number), suppress(_Undo), self.env.cr.savepoint():
                Story(self, Random(f"passages {SEED} {number}"), reached).tell()
                raise _Undo()
            self.env.invalidate_all()
        self.assertEqual(REACHED - set(+reached), set())


class Story:
    """The engine and the model, to which the same things happen."""

    columns = SQL("p.state, p.end_code, t.state, p.date_start")
    moves_of_people = (
        ["turn"] * 5 + ["live"] * 5 + ["sync"] * 3 + ["enroll"] * 4 + ["remove", "add", "delete", "update"]
    )

    def __init__(self, case, random, reached):
        self.case, self.env, self.random, self.reached = case, case.env, random, reached
        self.now, self.moves, self.contacts = START, [], {}
        self.tz = random.choice(["UTC", "Europe/Brussels"])
        case.marketer.tz = self.tz
        self.settings = self.draw()
        unique, hours = random.choice([False, True]), random.choice([0, 5, 40])
        self.model = self.make_model(unique, hours)
        self.campaign = case._create_campaign(unique_by="email" if unique else False, **self.values())
        case._create_activity(
            *(self.campaign, "Step", "condition", "begin", None),
            condition_domain=repr([("name", "!=", False)]),
            interval_number=hours,
        )
        for _number in range(random.randint(2, 4)):
            self.add()

    def make_model(self, unique, hours):
        return Passages(self.tz, unique, hours, self.settings)

    def draw(self):
        choice = self.random.choice
        return Settings(
            mode=choice(["never", "after_end", "after_end", "restart", "restart"]),
            delay=choice([(0, "days"), (0, "days"), (3, "hours"), (2, "days"), (1, "weeks"), (1, "months")]),
            limit=choice([0, 0, 1, 2]),
            leave=choice([True, True, False]),
        )

    def values(self):
        return {
            "reentry": self.settings.mode,
            "reentry_delay_number": self.settings.delay[0],
            "reentry_delay_unit": self.settings.delay[1],
            "reentry_limit": self.settings.limit,
            "leave_on_mismatch": self.settings.leave,
        }

    def tell(self):
        self.happen("start")
        for _number in range(self.random.randint(14, 24)):
            name = self.random.choice(self.moves_of_people)
            self.happen(name)
            if name == "turn" and self.random.random() < 0.7:
                self.happen("sync")

    def happen(self, name):
        before = dict(self.model.snapshot())
        with patch.object(fields.Datetime, "now", staticmethod(lambda *_args: self.now)):
            self.moves.append((name, getattr(self, name)()))
        self.env.flush_all()
        rids = {res_id: rid for rid, res_id in self.contacts.items()}
        rows = self.env.execute_query(
            SQL(
                """SELECT p.res_id, p.run, %s
                     FROM marketing_participant p JOIN marketing_trace t ON t.participant_id = p.id
                    WHERE p.campaign_id = %s""",
                self.columns,
                self.campaign.id,
            )
        )
        found = {(rids[res_id], run): tuple(row) for res_id, run, *row in rows}
        expected = self.model.snapshot()
        if found != expected:
            lines = [
                f"{key}: engine {found.get(key)}, reference {expected.get(key)}" for key in sorted(found | expected)
            ]
            self.case.fail("\n".join([f"{self.settings} unique={self.model.unique} {self.moves} {self.now}", *lines]))
        self._note(before, expected)

    def _note(self, before, after):
        mode = self.model.settings.mode
        for key, (state, code, *_rest) in after.items():
            self.reached[mode, code] += 1
            if key[1] > 1 and key not in before:
                self.reached["again" if (key[0], 1) in after else "twin"] += 1
                self.reached["third"] += key[1] > 2
            if key in before and before[key][1] == "left_filter" and code is None and state == "running":
                self.reached["resumed"] += 1

    # -- moves

    def start(self):
        self.campaign.action_start_campaign()
        self.model.sync(self.now)

    def update(self):
        self.settings = self.draw()
        self.campaign.write(self.values())
        self.campaign.action_update_participants()
        self.model.update(self.now, self.settings)
        return self.settings

    def live(self):
        wait = self.random.choice([0, 1, 4, 24, 24 * 3, 24 * 8, 24 * 32])
        self.now += timedelta(hours=wait)
        self._call("execute_activities")
        self.model.execute(self.now)
        return wait

    def sync(self):
        self._call("sync_participants")
        self.model.sync(self.now)

    def _call(self, method):
        self.env.flush_all()
        with self.case.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            campaign = api.Environment(cr, SUPERUSER_ID, {})["marketing.campaign"].browse(self.campaign.id)
            getattr(campaign, method)(self.now)
        self.env.invalidate_all()

    def add(self):
        rid, value = f"r{len(self.contacts)}", self.random.choice(["a", "a", "b", None])
        contact = self.env["res.partner"].create(
            {
                "name": rid,
                "email": value and f"{value}@people.example.com",
                "category_id": self.case.category.ids,
                "ref": "story",
            }
        )
        if not self.contacts:
            self.campaign.domain = repr([("category_id", "in", self.case.category.ids), ("ref", "=", "story")])
        self.contacts[rid] = contact.id
        self.model.records[rid] = Record(rid, value)

    def _pick(self):
        return self.random.choice(list(self.model.records) or [None])

    def turn(self):
        """A record stops matching the filter, or matches it again."""
        if rid := self._pick():
            record = self.model.records[rid]
            record.matches = not record.matches
            category = self.case.category if record.matches else self.case.category.browse()
            self.env["res.partner"].browse(self.contacts[rid]).category_id = category
        return rid

    def enroll(self):
        rids = [rid for rid in self.model.records if self.random.random() < 0.6]
        res_ids = [self.contacts[rid] for rid in rids]
        result = self.campaign.action_enroll(res_ids)
        expected = self.model.enroll(self.now, rids)
        self.case.assertEqual(result["enrolled"], sorted(self.contacts[rid] for rid in expected), f"{self.moves}")
        return rids

    def remove(self):
        if rid := self._pick():
            participants = self.campaign.participant_ids.filtered(lambda one: one.res_id == self.contacts[rid])
            participants.action_remove()
            self.model.remove(rid)
        return rid

    def delete(self):
        if rid := self._pick():
            self.env["res.partner"].browse(self.contacts[rid]).unlink()
            del self.model.records[rid]
        return rid
