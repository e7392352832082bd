"""How many messages an address gets against a reference model: generated stories, compared after each move.

``reference_pressure.py`` says in plain Python who gets a place. ``MARKETING_EXAMPLES`` tells more stories,
``MARKETING_SEED`` others.
"""

import os
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from unittest.mock import patch

from reference_pressure import Limit, Pressure

from odoo import api, fields
from odoo.api import SUPERUSER_ID
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon

EXAMPLES = max(8, int(os.environ.get("MARKETING_EXAMPLES", 0)))
SEED = int(os.environ.get("MARKETING_SEED", 1))
START = datetime(2026, 3, 27, 7)
REACHED = {"sent", "waiting", "skipped", "refused", "went on", "turn of another"}


class _Undo(Exception):
    """Ends a story."""


@tagged("post_install", "-at_install")
class TestReferencePressure(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaigns = [cls._create_campaign(name=name, leave_on_mismatch=False) for name in "abc"]
        for campaign in cls.campaigns:
            cls._create_email(campaign, "Email")
            campaign.domain = "[('id', '=', 0)]"
            campaign.action_start_campaign()
        cls.env.flush_all()

    def test_who_gets_a_place(self):
        reached = Counter()
        for number in range(EXAMPLES):
            with self.subTest(number=number), suppress(_Undo), self.env.cr.savepoint():
                Story(self, Random(f"pressure {SEED} {number}"), reached).tell()
                raise _Undo()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
        self.assertEqual(REACHED - set(+reached), set())


class Story:
    """The engine and the model, to which the same things happen."""

    moves_of_people = ["enter"] * 6 + ["live"] * 10 + ["limit"] * 2 + ["change", "refuse"]

    def __init__(self, case, random, reached):
        self.case, self.env, self.random, self.reached = case, case.env, random, reached
        self.now, self.moves = START, []
        self.campaigns = {campaign.name: campaign for campaign in case.campaigns}
        self.contacts = {contact.email: contact for contact in case.contacts[:2]}
        priorities = {name: random.choice([0, 1, 2]) for name in self.campaigns}
        for name, campaign in self.campaigns.items():
            campaign.priority = str(priorities[name])
        self.model = Pressure(Limit(on=False), priorities)

    def tell(self):
        self.happen("limit")
        for _number in range(self.random.randint(16, 24)):
            self.happen(self.random.choice(self.moves_of_people))

    def happen(self, name):
        before = self.model.snapshot()
        with patch.object(fields.Datetime, "now", staticmethod(lambda *_args: self.now)):
            self.moves.append((name, getattr(self, name)()))
        self.env.flush_all()
        expected, found = self.model.snapshot(), self._find()
        if found != expected:
            lines = [
                f"{key}: engine {found.get(key)}, reference {expected.get(key)}" for key in sorted(found | expected)
            ]
            self.case.fail("\n".join([f"{self.moves} {self.now}", *lines]))
        for key, (state, asks) in expected.items():
            self.reached[state] += 1
            was = before.get(key, ("", None))
            self.reached["went on"] += was[0] == "waiting" and state == "sent"
            self.reached["turn of another"] += state == "waiting" and asks == self.now + timedelta(minutes=1)

    def _find(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT c.name, p.email, t.state, t.end_code, t.schedule_date
                     FROM marketing_trace t JOIN marketing_campaign c ON c.id = t.campaign_id
                     JOIN res_partner p ON p.id = t.res_id WHERE c.id = ANY(%s)""",
                [campaign.id for campaign in self.campaigns.values()],
            )
        )
        states = {"processed": "sent", "error": "refused", "canceled": "skipped"}
        return {
            (name, email): ("waiting", date)
            if state == "scheduled" and code == "frequency_wait"
            else (states.get(state, "due"), None)
            for name, email, state, code, date in rows
        }

    # -- moves

    def enter(self):
        name, email = self.random.choice([*self.campaigns]), self.random.choice([*self.contacts])
        if (name, email) in self.model.snapshot():
            return None
        campaign = self.campaigns[name].sudo()
        record = self.contacts[email]
        [participant] = self.env["marketing.participant"].create(
            {
                "campaign_id": campaign.id,
                "model_name": "res.partner",
                "res_id": record.id,
                "date_start": self.now,
                "source": "hand",
            }
        )
        self.env.flush_all()
        self.env["marketing.trace"]._insert_traces(
            [(participant.id, campaign.marketing_activity_ids.id, self.now, 1, None)]
        )
        self.model.enter(self.now, name, email)
        return name, email

    def live(self):
        later = [one.asks for one in self.model.messages if one.state == "waiting" and one.asks > self.now]
        moment = self.random.choice(["next"] * 6 + [0, 1, 20, 60 * 24, 60 * 24 * 4])
        self.now = min(later, default=self.now) if moment == "next" else self.now + timedelta(minutes=moment)
        self._run([*self.campaigns])
        return moment

    def _run(self, names):
        self.env.flush_all()
        ids = [self.campaigns[name].id for name in names]
        with self.case.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["marketing.campaign"].browse(ids).execute_activities(self.now)
        self.env.invalidate_all()
        self.model.run(self.now, names)

    def limit(self):
        choice = self.random.choice
        limit = Limit(choice([True] * 5 + [False]), choice([1, 1, 2]), choice([1, 3, 7]), choice([False] * 2 + [True]))
        self.env["res.config.settings"].create(
            {
                "marketing_automation_cap_mail_on": limit.on,
                "marketing_automation_cap_mail": limit.most,
                "marketing_automation_cap_days": limit.days,
                "marketing_automation_cap_mode": "skip" if limit.skips else "wait",
            }
        ).execute()
        self.env.invalidate_all()
        self.model.set_limit(self.now, limit)
        return limit

    def change(self):
        name, priority, needed = (self.random.choice(values) for values in ("abc", "012", [True, False, False]))
        self.campaigns[name].write({"priority": priority, "ignore_cap": needed})
        self.env.invalidate_all()
        self.model.change(self.now, name, int(priority), needed)
        return name, priority, needed

    def refuse(self):
        sent = [one for one in self.model.messages if one.state == "sent"]
        if not sent:
            return None
        message = self.random.choice(sent)
        record = self.contacts[message.address]
        trace = self.case._trace(self.campaigns[message.campaign].marketing_activity_ids, record)
        trace.mailing_trace_ids.write({"trace_status": "error", "failure_type": "mail_smtp"})
        self.env["marketing.trace.event"].sudo().record_events("failed", trace.ids, "story")
        self.model.refuse(message)
        self._run([message.campaign])
        return message.campaign, message.address
