"""The engine against a reference model: generated workflows, generated stories, one truth.

``reference.py`` says in plain Python what the specification says in words. Each example makes a campaign on real
records, lets things happen (time, events, changed records, edits, errors, restarts) to it and to the model, and
compares every participant and every trace after each of them (``reference_world.py``). What happens is made up by
``reference_stories.py``; ``reference_coverage.py`` says what is to be reached.

Without variables a bounded number of examples is tried, always the same. Otherwise:

- MARKETING_EXAMPLES: how many; from ENOUGH on, each trigger, ending and edit has to be reached
- MARKETING_SEED: others than those of seed 1
- MARKETING_FIRST=1: the first kept story that fails is the last one
- MARKETING_REDUCE=1: a story that fails is told with as few moves as it takes
- MARKETING_COVERAGE: a file to which what was reached is written
"""

import json
import os
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from reference_coverage import EDITED, ENDINGS, beyond, not_reached, written
from reference_kept import KEPT
from reference_kept_logic import KEPT_LOGIC
from reference_logic_stories import BehaviourTeller, GoalTeller, WaitLoopTeller, WaitTeller
from reference_steps import DATE
from reference_stories import BranchTeller, LoopTeller, PlainTeller, SplitTeller, Teller
from reference_world import Both

from odoo.tests import HttpCase, tagged

from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon

EXAMPLES = int(os.environ.get("MARKETING_EXAMPLES", 25))
SEED = int(os.environ.get("MARKETING_SEED", 1))
REDUCE = "MARKETING_REDUCE" in os.environ
FIRST = "MARKETING_FIRST" in os.environ
BRANCHED = 6  # stories of branches, at least
AIMS = 20  # stories that are told at most for one trigger, ending and edit
COVERAGE = os.environ.get("MARKETING_COVERAGE")
ENOUGH = 2_000


class _Undo(Exception):
    """Ends a story."""


@tagged("post_install", "-at_install")
class TestReference(MarketingAutomationCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contacts.category_id = False
        cls._let_marketer_edit_contacts()  # what plain steps do is done in their name
        for model in ("res.partner", "mailing.contact"):
            values = {"name": DATE, "field_description": "Renewal", "ttype": "date"}
            cls.env["ir.model.fields"].create({**values, "model_id": cls.env["ir.model"]._get_id(model)})
        servers = [{"name": f"Server {number}", "smtp_host": "127.0.0.1"} for number in range(3)]
        cls.mail_servers = cls.env["ir.mail_server"].create(servers)

    @classmethod
    def _create_template(cls, title, body="<p>Hello</p>", **values):
        return super()._create_template(title, body, **values)

    def unsubscribe(self, mailing, res_id, email):
        """By the one click of a mail program: RFC 8058."""
        token = mailing._generate_mailing_recipient_token(res_id, email)
        query = urlencode({"document_id": res_id, "email": email, "hash_token": token})
        url = f"{self.base_url()}/mailing/{mailing.id}/unsubscribe_oneclick?{query}"
        answer = self.opener.post(url, data={"List-Unsubscribe": "One-Click"})
        self.assertEqual(answer.status_code, 200)

    def test_each_kept_story(self):
        self._tell_kept(KEPT)

    def test_each_kept_story_of_logic(self):
        self._tell_kept(KEPT_LOGIC)

    def _tell_kept(self, stories):
        for name, story in stories.items():
            with nullcontext() if FIRST else self.subTest(name):
                self._tell(story, Counter())

    def test_engine_does_what_the_reference_says(self):
        reached = Counter()
        if EXAMPLES >= ENOUGH:
            self._aim_at_all(reached)
        self._tell_many(reached)
        if COVERAGE:
            Path(COVERAGE).write_text(json.dumps(written(reached), indent=1))
        self.assertEqual(beyond(reached), [], "said to be impossible")
        if EXAMPLES >= ENOUGH:
            self.assertEqual(not_reached(reached), [], "not reached")

    def test_branches(self):
        self._tell_all("branches", BranchTeller, *product(BranchTeller.triggers, (None, "filter_mismatch")))

    def test_splits(self):
        self._tell_all("splits", SplitTeller, *product(SplitTeller.triggers, (None,)), ("activity", "ended"))

    def test_loops(self):
        self._tell_all("loops", LoopTeller)

    def test_plain_steps(self):
        self._tell_all("plain steps", PlainTeller)

    def test_behaviours(self):
        self._tell_all("behaviours", BehaviourTeller, *product(BehaviourTeller.triggers, (None,)))

    def test_waits(self):
        self._tell_all("waits", WaitTeller, *product(WaitTeller.triggers, (None,)))

    def test_loops_with_waits(self):
        self._tell_all("loops with waits", WaitLoopTeller)

    def test_goals(self):
        self._tell_all("goals", GoalTeller, ("activity", "goal_reached"))

    def _tell_all(self, name, teller, *endings):
        """Tell stories until they have reached these endings: which people a split sends where hangs on their ids."""
        reached, enough = Counter(), max(BRANCHED, EXAMPLES // 5)
        for number in range(5 * enough):
            if number >= enough and all(reached[ending] for ending in endings):
                break
            story = teller(Random(f"{name} {SEED} {number}")).story()
            try:
                self._tell(story, reached)
            except self.failureException:
                if REDUCE:
                    self._tell(self._reduce(story), reached)
                raise
        for trigger, code in endings:
            self.assertTrue(reached[trigger, code], f"{trigger} {code}")

    def _tell_many(self, reached):
        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # a story is made from one number: `_reduce` shrinks what comes of it
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 2**20))
        def tell(number):
            story = Teller(Random(number)).story()
            try:
                self._tell(story, reached)
            except self.failureException:
                if REDUCE:
                    self._tell(self._reduce(story), reached)
                raise

        tell()

    def _aim_at_all(self, reached):
        """Aim at each trigger, ending and edit until a story reaches it, without anything else."""
        for number, cell in enumerate([*ENDINGS, *EDITED]):
            for attempt in range(AIMS):
                if attempt and reached[cell]:
                    break
                teller = Teller(Random(f"{number} {attempt}"))
                self._tell(teller.story_with_aim(teller.aim_at(cell), noise=False), reached)

    def _tell(self, story, reached):
        with suppress(_Undo), self.env.cr.savepoint():
            both = Both(self, story, reached)
            for move in (*story.moves, ("run", timedelta(days=1))):
                both.tell(move)
            both.check_effects()
            raise _Undo()
        self.env.invalidate_all()

    def _reduce(self, story):
        """Leave out what the story fails without: moves, then steps and records at the end."""
        for part in ("moves", "records", "steps"):
            position = len(getattr(story, part))
            while position:
                position -= 1
                items = getattr(story, part)
                shorter = replace(story, **{part: [*items[:position], *items[position + 1 :]]})
                if self._fails(shorter):
                    story = shorter
        return story

    def _fails(self, story):
        try:
            self._tell(story, Counter())
        except self.failureException:
            self.env.invalidate_all()
            return True
        except LookupError:  # what a step leads to was left out
            self.env.invalidate_all()
        return False
