"""Entries by a date against a reference model: generated stories of one campaign, compared after each move.

``reference_dates.py`` says in plain Python who is due. ``MARKETING_EXAMPLES`` tells more stories, ``MARKETING_SEED``
others.
"""

import os
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

from dateutil.relativedelta import relativedelta
from reference_dates import DatedPassages, Rule
from test_reference_passages import Story, _Undo

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.marketing_automation.tests.test_entry_dates import EntryDatesCase

EXAMPLES = max(20, int(os.environ.get("MARKETING_EXAMPLES", 0)))
SEED = int(os.environ.get("MARKETING_SEED", 1))
# before both changes of the clock of Brussels, and a leap day and the end of February in other years
STARTS = [datetime(2026, 3, 27, 7), datetime(2026, 10, 23, 7), datetime(2028, 2, 27, 7), datetime(2027, 2, 27, 7)]
KINDS = [("date", "x_renewal"), ("date", "x_visit"), ("anniversary", "x_renewal"), ("anniversary", "x_visit")]
REACHED = {*KINDS, "again", "moved", "back", "late", "missed", "refused", "next year", "leap day"}


@tagged("post_install", "-at_install")
class TestReferenceDates(EntryDatesCase):
    def test_who_is_due(self):
        reached = Counter()
        for number in range(3 * EXAMPLES):
            if number >= EXAMPLES and set(+reached) >= REACHED:
                break
            with self.subTest(number=number), suppress(_Undo), self.env.cr.savepoint():
                DatedStory(self, Random(f"dates {SEED} {number}"), reached).tell()
                raise _Undo()
            self.env.invalidate_all()
        self.assertEqual(REACHED - set(+reached), set())


class DatedStory(Story):
    columns = SQL("p.state, p.end_code, t.state, p.date_start, p.entry_key")
    moves_of_people = ["redate"] * 6 + ["live"] * 8 + ["sync", "turn", "enroll", "remove", "add", "delete", "update"]

    def __init__(self, case, random, reached):
        self.rule, self.past = self.draw_rule(random), {}
        super().__init__(case, random, reached)
        self.now = random.choice(STARTS[-2:] if self.rule.yearly else STARTS)
        entries = [Command.create(self.describe())]
        if self.model.enters_by_filter:
            entries.insert(0, Command.create({"entry_type": "filter"}))
        self.campaign.entry_ids = [Command.clear(), *entries]
        for rid in self.contacts:
            self.set_date(rid, self.draw_date())

    @staticmethod
    def draw_rule(random):
        unit, yearly = random.choice(["hours", "days", "days", "weeks", "months"]), random.choice([True, False])
        return Rule(
            number=random.choice([0, 1, 2, 30 if unit in ("hours", "days") else 3])
            if not yearly
            else random.choice([0, 0, 1, 2]),
            unit=unit,
            before=random.choice([True, False]),
            time=random.choice([0.0, 2.5, 9.0, 9.0, 23.5]),
            has_time=random.choice([True, False]),
            yearly=yearly,
        )

    def make_model(self, unique, hours):
        by_filter = self.random.random() < 0.2
        return DatedPassages(self.tz, unique, hours, self.settings, self.rule, by_filter)

    @property
    def kind(self):
        return ("anniversary" if self.rule.yearly else "date", "x_visit" if self.rule.has_time else "x_renewal")

    def describe(self):
        entry_type, date_field = self.kind
        return {
            "entry_type": entry_type,
            "date_field": date_field,
            "offset_number": self.rule.number,
            "offset_unit": self.rule.unit,
            "offset_direction": "before" if self.rule.before else "after",
            "time_of_day": self.rule.time,
        }

    def draw_date(self):
        """Return a date whose moment is near, or None."""
        if self.random.random() < 0.1:
            return None
        sign = 1 if self.rule.before else -1
        value = self.now + timedelta(hours=self.random.choice([-100, -30, -5, 0, 3, 10, 20, 20, 30, 30, 50, 100]))
        value += relativedelta(**{self.rule.unit: sign * self.rule.number})
        if self.rule.yearly:
            value -= relativedelta(years=self.random.choice([-1, 0, 1, 2, 4, 30]))
            if self.random.random() < 0.4 and self.now.month in (1, 2, 3):
                value = value.replace(year=2024, month=2, day=29)  # due on another day in most years
        return value if self.rule.has_time else value.date()

    def set_date(self, rid, value):
        self.model.dates[rid] = value
        self.env["res.partner"].browse(self.contacts[rid])[self.kind[1]] = value
        self.past.setdefault(rid, []).append(value)

    def _note(self, before, after):
        for key, look in after.items():
            if look[-1] and key not in before:
                occurrences = dict(self.model.occurrences(key[0], self.now))
                self.reached[self.kind] += 1
                self.reached["late"] += self.now - occurrences[look[-1]] > timedelta(days=1)
                self.reached["leap day"] += look[-1][5:] in ("02-28", "02-29") and self.rule.yearly
                earlier = {other[-1] for name, other in before.items() if name[0] == key[0] and other[-1]}
                self.reached["again"] += bool(earlier)
                self.reached["next year"] += self.rule.yearly and bool({key[:4] for key in earlier} - {look[-1][:4]})
        for rid in self.model.records:
            for key, moment in self.model.occurrences(rid, self.now) if self.model.looked == self.now else ():
                is_in = (rid, key) in self.model.entered
                self.reached["missed"] += not is_in and self.model.started < moment < self.now - timedelta(days=4)
                self.reached["refused"] += not is_in and self.model._is_looked_at(moment, self.now)

    # -- moves

    def start(self):
        self.model.begin(self.now)
        super().start()

    def update(self):
        entry = self.campaign.entry_ids[-1:]
        if self.random.random() < 0.3:
            rule = self.draw_rule(self.random)
            rule = Rule(**{**vars(rule), "has_time": self.rule.has_time, "yearly": self.rule.yearly})
            if rule != self.rule:
                self.rule = self.model.rule = rule
                entry.write(self.describe())
                self.model.begin(self.now)
        return super().update()

    def tell(self):
        self.happen("start")
        for _number in range(self.random.randint(16, 24)):
            name = self.random.choice(self.moves_of_people)
            self.happen(name)
            if name == "live" and self.random.random() < 0.8:
                self.happen("sync")

    def live(self):
        hours = self.random.choice([1, 5, 10, 16, 24, 24, 30, 60, 100])
        if self.rule.yearly and self.random.random() < 0.4:
            hours += 24 * self.random.choice([364, 365, 365, 366])
        self.now += timedelta(hours=hours)
        self._call("execute_activities")
        self.model.execute(self.now)
        return hours

    def add(self):
        super().add()
        if self.model.started:
            self.set_date([*self.contacts][-1], self.draw_date())
        else:
            self.model.dates[[*self.contacts][-1]] = None

    def redate(self):
        """A date is written, moved, or moved back to what it was."""
        rid = self._pick()
        if rid:
            earlier = self.past.get(rid, [])
            back = len(earlier) > 1 and self.random.random() < 0.3
            value = earlier[-2] if back else self.draw_date()
            passed = any(one for (name, _key), one in self.model.entered.items() if name == rid)
            self.reached["back" if back else "moved"] += passed
            self.set_date(rid, value)
            return rid, value
        return rid
