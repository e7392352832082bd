"""When messages leave against a reference model: generated stories, compared after each move.

``reference_hours.py`` says in plain Python what is open on whose clock. ``MARKETING_EXAMPLES`` tells more stories,
``MARKETING_SEED`` others.
"""

import os
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from random import Random
from unittest.mock import patch

import pytz
from reference_hours import Email, Sending

from odoo import Command, api, fields
from odoo.api import SUPERUSER_ID
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon

EXAMPLES = max(4, int(os.environ.get("MARKETING_EXAMPLES", 0)))
SEED = int(os.environ.get("MARKETING_SEED", 1))
START = datetime(2026, 3, 27, 20)  # a Friday evening; Europe changes its clocks on Sunday
TZ = "Europe/Brussels"
ZONES = [TZ, "Asia/Kolkata", "America/New_York", None]
HOURS = [
    tuple((day, 9, 17) for day in range(5)),
    tuple((day, start, end) for day in (1, 3, 6) for start, end in ((8.5, 12), (13, 24))),
    tuple((day, 0, 24) for day in (5, 6)),
]
REACHED = {
    *("due", "sent", "waiting", "expired", "went on"),
    *("moved by a calendar", "moved by an update"),
}


class _Undo(Exception):
    """Ends a story."""


@tagged("post_install", "-at_install")
class TestReferenceHours(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer.tz = TZ
        cls.calendar = cls.env["resource.calendar"].create({"name": "Hours", "tz": TZ, "company_id": False})
        cls.campaign = cls._create_campaign(leave_on_mismatch=False, sending_calendar_id=cls.calendar.id)
        cls.steps = {name: cls._create_email(cls.campaign, name) for name in "abc"}
        cls.contacts[3:].category_id = False
        cls.campaign.entry_ids = [Command.clear()]  # they come by hand
        cls.campaign.sudo().tz = TZ
        cls.env.flush_all()

    def test_when_messages_leave(self):
        reached = Counter()
        for number in range(EXAMPLES):
            with self.subTest(number=number), suppress(_Undo), self.env.cr.savepoint():
                Story(self, Random(f"hours {SEED} {number}"), reached).tell()
                raise _Undo()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
        self.assertEqual(REACHED - set(+reached), set())


class Story:
    """The engine and the model, to which the same things happen."""

    moves_of_people = ["live"] * 6 + ["edit", "close", "move", "update"]

    def __init__(self, case, random, reached):
        self.case, self.env, self.random, self.reached = case, case.env, random, reached
        self.now, self.moves, self.is_edited = START, [], False
        self.campaign, self.calendar = case.campaign.sudo(), case.calendar
        self.people = {contact.name: contact for contact in case.contacts[:3]}
        self.model = Sending(TZ, self._choose_emails(), None, dict.fromkeys(self.people))
        for contact in self.people.values():
            contact.write({"tz": False, "country_id": False})
        self._write_emails()
        with self._at_now():
            self._set_hours()
            self.campaign.action_start_campaign()
        self.env.flush_all()

    def tell(self):
        for name in ("move", "update", "enter", "enter", "enter", "live", "update", "edit", "live", "move", "live"):
            self.happen(name)
        for _number in range(self.random.randint(10, 14)):
            self.happen(self.random.choice(self.moves_of_people))

    def happen(self, name):
        before = self.model.snapshot()
        with self._at_now():
            self.moves.append((name, getattr(self, name)()))
        self.env.flush_all()
        expected, found = self.model.snapshot(), self._find()
        if found != expected:
            lines = [
                f"{key}: engine {found.get(key)}, reference {expected.get(key)}"
                for key in sorted(found | expected)
                if found.get(key) != expected.get(key)
            ]
            self.case.fail("\n".join([f"{self.moves} {self.now}", *lines]))
        labels = {
            "update": "moved by an update",
            "live": "moved by a calendar" if self.is_edited else "moved to a zone",
        }
        for key, (state, asks) in expected.items():
            self.reached[state] += 1
            was, asked = before.get(key, ("", None))
            self.reached["went on"] += was == "waiting" and state == "sent"
            if was == state == "waiting" and asks != asked:
                self.reached[labels.get(name, name)] += 1
        self.is_edited = name in ("edit", "close") or self.is_edited and name != "live"

    def _at_now(self):
        return patch.object(fields.Datetime, "now", staticmethod(lambda *_args: self.now))

    def _find(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT a.name, p.name, t.state, t.end_code, t.schedule_date
                     FROM marketing_trace t JOIN marketing_activity a ON a.id = t.activity_id
                     JOIN res_partner p ON p.id = t.res_id WHERE t.campaign_id = %s""",
                self.campaign.id,
            )
        )
        states = {("scheduled", "sending_hours"): "waiting", ("scheduled", None): "due", ("processed", None): "sent"}
        return {
            (name, person): (states.get((state, code), code), date if state == "scheduled" else None)
            for name, person, state, code, date in rows
        }

    # -- moves

    def enter(self):
        name = next(name for name in self.people if all(one.person != name for one in self.model.messages))
        self.campaign.action_enroll(self.people[name].ids)
        self.model.enter(self.now, name)
        return name

    def live(self):
        later = [asks for state, asks in self.model.snapshot().values() if asks and asks > self.now]
        moment = self.random.choice(["next"] * 5 + [0] * 3 + [7, 60 * 5, 60 * 30])
        self.now = min(later, default=self.now) if moment == "next" else self.now + timedelta(minutes=moment)
        with self._at_now():
            self.env.flush_all()
            with self.case.enter_registry_test_mode(), self.env.registry.cursor() as cr:
                campaigns = api.Environment(cr, SUPERUSER_ID, {})["marketing.campaign"]
                campaigns._ask_changed_hours(self.now)
                campaigns.browse(self.campaign.id).execute_activities(self.now)
            self.env.invalidate_all()
        self.model.run(self.now)
        return moment

    def edit(self):
        self._set_hours()
        return self.model.hours

    def _set_hours(self):
        self.model.hours = self.random.choice(HOURS)
        values = [
            {"name": "-", "dayofweek": str(day), "hour_from": start, "hour_to": end}
            for day, start, end in self.model.hours
        ]
        self.calendar.attendance_ids = [Command.clear(), *map(Command.create, values)]

    def close(self):
        """A day off, by the calendar's clock; on others it is the same day."""
        day = date(2026, 3, 27) + timedelta(days=self.random.randint(0, 9))
        if day in self.model.off:
            return None
        zone = pytz.timezone(TZ)
        begin, end = (
            zone.localize(datetime.combine(day, at)).astimezone(pytz.utc).replace(tzinfo=None)
            for at in (time(), time(23, 59, 59))
        )
        self.env["resource.calendar.leaves"].create(
            {"name": "Off", "calendar_id": self.calendar.id, "date_from": begin, "date_to": end}
        )
        self.model.off.add(day)
        return day

    def move(self):
        name, tz = self.random.choice([*self.people]), self.random.choice(ZONES)
        self.people[name].tz = tz
        self.model.zones[name] = tz
        return name, tz

    def update(self):
        by_recipient, emails = self.random.choice([True, True, False]), self._choose_emails()
        self.model.update(self.now, by_recipient, emails)
        self.campaign.tz_mode = "recipient" if by_recipient else "campaign"
        self._write_emails()
        self.campaign.action_update_participants()
        self.env.invalidate_all()
        return by_recipient, emails

    def _choose_emails(self):
        choice = self.random.choice
        return [
            Email("a", expires=choice([12, 30, 90])),
            Email("b", days=choice([1, 2]), time=choice([None, 7, 16])),
            Email("c", days=choice([0, 1]), ignores=choice([True, True, False])),
        ]

    def _write_emails(self):
        for email in self.model.emails.values():
            self.case.steps[email.name].sudo().write(
                {
                    "interval_number": email.days,
                    "interval_type": "days",
                    "at_time": email.time is not None,
                    "time_of_day": email.time or 0,
                    "ignore_sending_hours": email.ignores,
                    "validity_duration": email.expires is not None,
                    "validity_duration_number": email.expires or 1,
                    "validity_duration_type": "hours",
                }
            )
