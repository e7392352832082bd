from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EXECUTION_CRON, MAIL_CRON
from .test_people_steps import PeopleCase

BELGIUM, FRANCE = "[('country_id.code', '=', 'BE')]", "[('country_id.code', '=', 'FR')]"


@tagged("post_install", "-at_install")
class TestUpdateWords(PeopleCase):
    """What Update's preview says of an edit, old and new, and whom it moves, for each type of step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email = cls._create_email(cls.campaign, "Offer")
        cls.vip, cls.gold = cls.env["res.partner.category"].create([{"name": "VIP"}, {"name": "Gold"}])
        cls.lists = cls.env["mailing.list"].create([{"name": "News"}, {"name": "Sales"}])
        cls.call, cls.todo = (
            cls.env.ref(name) for name in ("mail.mail_activity_data_call", "mail.mail_activity_data_todo")
        )

    def _make(self, activity_type, name="Step", **values):
        timing = {"interval_number": 1, "interval_type": "days"}
        return self._create_activity(self.campaign, name, activity_type, "activity", self.email, **timing, **values)

    def _go(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON, MAIL_CRON, EXECUTION_CRON)

    def _preview(self, moment=None):
        with self._at(moment or self.start + timedelta(hours=1)):
            preview = self.campaign.with_user(self.marketer).get_update_preview()
        return preview["changes"], {
            step: numbers for step, numbers in preview["steps"].items() if any(numbers.values())
        }

    def _complete(self, edit, steps):
        if "branch_ids" in edit:
            return {"branch_ids": [Command.update(steps["split"].branch_ids[0].id, {"weight": 3})]}
        if edit.get("jump_activity_id"):
            return {"jump_activity_id": steps[edit["jump_activity_id"].lower()].id}
        return edit

    def test_settings_of_each_type(self):
        """What a step does when its turn comes moves nobody."""
        people = [Command.set(self.sam.ids)]
        both = [Command.set((self.sam | self.sue).ids)]
        line, more = {"event": "open", "times": 1}, {"event": "click", "times": 2}
        cases = {
            "update": (
                {"update_field": "category_id", "update_operation": "add", "update_value": self.vip.ids},
                [
                    ({"update_value": self.gold.ids}, "add “VIP” to “Tags”", "add “Gold” to “Tags”"),
                    ({"update_operation": "remove"}, "add “VIP” to “Tags”", "remove “VIP” from “Tags”"),
                ],
            ),
            "list": (
                {"mailing_list_id": self.lists[0].id, "list_operation": "on"},
                [
                    ({"list_operation": "off"}, "put the address on “News”", "take the address off “News”"),
                    ({"mailing_list_id": self.lists[1].id}, "put the address on “News”", "put the address on “Sales”"),
                ],
            ),
            "assign": (
                {"person_ids": people},
                [({"person_ids": both}, "assign the record to Sam", "assign the record, in turn, to Sam, Sue")],
            ),
            "task": (
                {"task_type_id": self.call.id, "person_ids": people, "task_summary": "Ring", "task_days": 2},
                [
                    ({"task_days": 5}, "due in 2 working days", "due in 5 working days"),
                    ({"task_summary": "Write"}, "“Call: Ring”", "“Call: Write”"),
                    ({"task_type_id": self.todo.id}, "“Call: Ring”", "“To-Do: Ring”"),
                    ({"person_ids": both}, "for Sam,", "for Sam, Sue in turn,"),
                    ({"whom": "record"}, "for Sam,", "for who is responsible for the record,"),
                    ({"task_note": "Be kind"}, "instead of “-”", "“Be kind”"),
                ],
            ),
            "notify": (
                {"person_ids": people, "notify_text": "Call them"},
                [
                    ({"notify_text": "Write to them"}, "tell Sam “Call them”", "tell Sam “Write to them”"),
                    ({"person_ids": both}, "tell Sam “", "tell Sam, Sue “"),
                    ({"notify_text": "Call them\nToday"}, "Call them", "Today"),
                ],
            ),
            "condition": (
                {"condition_domain": BELGIUM, "condition_behavior": {"lines": [line]}},
                [
                    ({"condition_domain": FRANCE}, "BE", "FR"),
                    ({"condition_behavior": {"lines": [more]}}, "opened", "clicked"),
                    ({"condition_behavior": {"any": True, "lines": [line, more]}}, "opened", " or "),
                ],
            ),
            "end": ({"end_reason": "Won"}, [({"end_reason": "Lost"}, "“Won”", "“Lost”")]),
            "jump": (
                {"jump_activity_id": self.email.id, "jump_limit": 1},
                [
                    ({"jump_limit": 4}, "instead of 1", "4"),
                    ({"jump_limit": 0}, "instead of 1", "without end"),
                    ({"jump_activity_id": "Update"}, "instead of “Offer”", "goes to “Update”"),
                ],
            ),
            "split": ({}, [({"branch_ids": "weight"}, "A 50, B 50", "A 3, B 50")]),
            "wait": (
                {"wait_type": "domain", "wait_domain": BELGIUM, "wait_limit_number": 2, "wait_limit_unit": "days"},
                [
                    ({"wait_domain": FRANCE}, "BE, at most 2 days", "FR, at most 2 days"),
                    ({"wait_limit_number": 3}, "BE, at most 2 days", "BE, at most 3 days"),
                    ({"wait_limit_number": 0}, "BE, at most 2 days", "Wait until Country"),
                    ({"wait_type": "event", "wait_event": "click"}, "BE", "a link in a message is clicked"),
                    ({"wait_type": "weekday", "wait_weekday": "1"}, "BE", "the next Tuesday, 09:00"),
                    ({"wait_type": "date", "wait_date_field": "create_date"}, "BE", "“Created on”"),
                ],
            ),
        }
        steps = {name: self._make(name, name.title(), **values) for name, (values, _edits) in cases.items()}
        self._go()
        for name, (_values, edits) in cases.items():
            for edit, before, now in edits:
                with self.subTest(name, edit=edit), self.cr.savepoint() as savepoint:
                    steps[name].write(self._complete(edit, steps))
                    changes, moved = self._preview()
                    self.assertEqual(len(changes), 1, changes)
                    self.assertIn(before, changes[0])
                    self.assertIn(now, changes[0])
                    self.assertNotIn("The activity “", changes[0])
                    self.assertFalse(moved)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def _assert_change(self, edited, edit, before, now, **moved):
        with self.subTest(edit=edit), self.cr.savepoint() as savepoint:
            edited.write(edit)
            changes, steps = self._preview()
            self.assertEqual(changes, [f"“{edited.name}” was changed. Before: {before}. Now: {now}."])
            numbers = {"new": 0, "late": 0, "rescheduled": 0, "canceled": 0, **moved}
            self.assertEqual(steps, {edited.id: numbers} if moved else {})
            savepoint.rollback()
            self.env.invalidate_all()

    def test_when_and_for_whom(self):
        """What each step has; whom an edit moves is counted."""
        step = self._make("end", end_reason="Over")
        after = self._create_action(self.campaign, "After", "activity", self.email, interval_number=2)
        other = self._create_email(self.campaign, "Other", "mail_click", self.email, link_filter="offer")
        split = self._make("split", "Halves")
        half = self._create_action(self.campaign, "Half", "branch", split, branch_id=split.branch_ids[0].id)
        self._go()
        five, sent = len(self.contacts), "“Offer” was sent"
        days = f"1 day after {sent}"
        for edit, before, now, moved in (
            ({"interval_number": 3}, days, f"3 days after {sent}", {"rescheduled": five}),
            ({"interval_type": "weeks"}, days, f"1 week after {sent}", {"rescheduled": five}),
            ({"trigger_type": "mail_not_open"}, days, f"{days}, if not opened by then", {}),
            ({"trigger_type": "mail_open"}, days, "1 day after “Offer” was opened", {"rescheduled": five}),
            ({"parent_id": after.id}, days, "1 day after “After” was done", {}),
            (
                {"activity_domain": BELGIUM},
                "for all records",
                "only for records with: Country › Country Code is BE",
                {},
            ),
            (
                {"validity_duration": True, "validity_duration_number": 2, "validity_duration_type": "days"},
                "without an expiry",
                "expires after 2 days",
                {},
            ),
        ):
            self._assert_change(step, edit, before, now, **moved)
        link = "As soon as the link “%s” in “Offer” is clicked"
        self._assert_change(other, {"link_filter": "news"}, link % "offer", link % "news")
        self._assert_change(other, {"link_filter": False}, link % "offer", "As soon as a link in “Offer” is clicked")
        branch = "At once on the branch “%s” of “Halves”"
        self._assert_change(half, {"branch_id": split.branch_ids[1].id}, branch % "A", branch % "B")
        self._assert_change(
            other, {"mass_mailing_id": self._create_template("News").id}, "Email “Other”", "Email “News”"
        )
        self._assert_change(
            step,
            {"interval_number": 2, "activity_domain": BELGIUM},
            f"{days}; for all records",
            f"2 days after {sent}; only for records with: Country › Country Code is BE",
            rescheduled=five,
        )

    def test_who_waits_is_asked_anew(self):
        wait = self._create_activity(self.campaign, "Wait", "wait", "begin", None, wait_domain=BELGIUM)
        self._go()
        self.assertTraces(wait, dict.fromkeys(self.contacts, "scheduled"))
        wait.wait_domain = FRANCE
        changes, steps = self._preview()
        self.assertEqual(len(changes), 1)
        self.assertEqual(steps[wait.id]["rescheduled"], len(self.contacts))

    def test_refused(self):
        """What a step of each type cannot do: refused by its name, and the workflow that runs goes on."""
        people = [Command.set(self.sam.ids)]
        tag = {"update_field": "category_id", "update_operation": "add", "update_value": self.vip.ids}
        cases = {
            "update": (tag, [{"update_value": False}, {"update_field": "name", "update_operation": "add"}]),
            "list": ({"mailing_list_id": self.lists[0].id}, [{"mailing_list_id": False}]),
            "assign": ({"person_ids": people}, [{"person_ids": [Command.clear()]}]),
            "task": (
                {"task_type_id": self.call.id, "person_ids": people},
                [{"task_type_id": False}, {"person_ids": [Command.clear()]}, {"task_days": -1}],
            ),
            "notify": ({"person_ids": people, "notify_text": "Call"}, [{"person_ids": [Command.clear()]}]),
            "condition": (
                {"condition_domain": BELGIUM},
                [
                    {"condition_domain": "[('nothing', '=', 1)]"},
                    {"condition_domain": "[]"},
                    {"condition_behavior": {"lines": [{"event": "nothing"}]}},
                ],
            ),
            "wait": (
                {"wait_domain": BELGIUM},
                [
                    {"wait_domain": "[('nothing', '=', 1)]"},
                    {"wait_type": "date", "wait_date_field": False},
                    {"wait_limit_number": -1},
                    {"wait_time": 24.0},
                ],
            ),
            "jump": (
                {"jump_activity_id": self.email.id, "jump_limit": 2},
                [{"jump_activity_id": False}, {"jump_limit": 51}, {"jump_limit": 0}],
            ),
            "split": ({}, [{"branch_ids": 0}]),
        }
        steps = {}
        for name, (values, _edits) in cases.items():
            steps[name] = self._make(name, name.title(), **values)
        steps["jump"].interval_type = "hours"  # a round without end takes a day or more
        self._go()
        runs = self.campaign.sudo().workflow
        for name, (_values, edits) in cases.items():
            for edit in edits:
                with self.subTest(name, edit=edit), self.cr.savepoint() as savepoint:
                    values = edit
                    if "branch_ids" in edit:
                        values = {
                            "branch_ids": [Command.update(b.id, {"weight": 0}) for b in steps["split"].branch_ids]
                        }
                    with self.assertRaises(UserError) as refusal:  # a ValidationError is one too
                        steps[name].write(values)
                        with self._at(self.start + timedelta(hours=1)):
                            self.campaign.with_user(self.marketer).action_update_participants()
                    self.assertIn(name.title(), str(refusal.exception))
                    savepoint.rollback()
                    self.env.invalidate_all()
        self.assertEqual(self.campaign.sudo().workflow, runs)
