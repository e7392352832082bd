"""The screens of a campaign with each of the steps that think, and of those that need no administrator."""

import json

from . import demo_database


class StepScreens:
    """Screens for who may write contacts, as such steps do; part of :class:`~.screens.Screens`."""

    def _make_journey(self):
        """Make a campaign with each of the steps that think, and of those that need no administrator."""
        name = "Guests of the fair"
        if self._call("marketing.campaign", "search", [["name", "=", name]]):
            return name
        [campaign] = self._call("marketing.campaign", "create", [{"name": name}])

        def create(label, activity_type, parent=False, way="begin", **values):
            before = {"campaign_id": campaign, "parent_id": parent, "trigger_type": way}
            values = {"name": label, "activity_type": activity_type, **before, **values}
            [step] = self._call("marketing.activity", "create", [values])
            return step

        def find(model, *domain):
            return self._call(model, "search", list(domain), limit=1, context={"lang": "en_US"})

        template = self._activity("Autumn catalog", "Free catalog")["mass_mailing_id"][0]
        copies = self._call("mailing.mailing", "copy", [template], {"subject": "Your offer of the fair"})
        offer = create("Offer", "email", mass_mailing_id=copies[0] if isinstance(copies, list) else copies)
        click = {"did": True, "event": "click", "activity": offer, "span": "days", "days": 7}
        people = self._call("res.users", "search", [["login", "in", [demo_database.MARKETER, demo_database.MANAGER]]])
        whom = {"person_ids": [[6, 0, people]]}
        limit = {"wait_limit_number": 4, "wait_limit_unit": "days"}
        wait = create("Until they click", "wait", offer, "activity", wait_type="event", wait_event="click", **limit)
        belgium = {
            "condition_domain": f"[('country_id', '=', {find('res.country', ['code', '=', 'BE'])[0]})]",
            "condition_behavior": {"any": False, "lines": [click]},
        }
        condition = create("Keen, and near", "condition", wait, "wait_done", **belgium)
        split = create("Discount or gift", "split", wait, "wait_timeout")
        branches = self._call("marketing.activity.branch", "search", [["activity_id", "=", split]])
        for branch, label, weight in zip(branches, ("Discount", "Gift"), (70, 30), strict=True):
            self._call("marketing.activity.branch", "write", [branch], {"name": label, "weight": weight})
        tags = find("res.partner.category", ["name", "=", "Prospect"])
        values = {"update_field": "category_id", "update_operation": "add", "update_value": tags}
        tag = create("Tag them", "update", condition, "cond_yes", **values)
        values = {"wait_domain": "[('phone', '!=', False)]", "wait_limit_number": 2, "wait_limit_unit": "weeks"}
        create("Until we can call", "wait", tag, "activity", wait_type="domain", **values)
        letters = create("Newsletter", "list", condition, "cond_no", mailing_list_id=find("mailing.list")[0])
        values = {"wait_offset_number": 11, "wait_offset_unit": "months", "wait_offset_direction": "after"}
        values |= {"wait_type": "date", "wait_date_field": "create_date"}
        create("Nearly a year", "wait", letters, "activity", **values)
        assign = create("Find a salesperson", "assign", split, "branch", branch_id=branches[0], **whom)
        values = {"task_type_id": find("mail.activity.type", ["name", "=", "Call"])[0], "task_summary": "Call them"}
        task = create("Call", "task", split, "branch", branch_id=branches[1], **whom, **values)
        until = create("Tuesday morning", "wait", assign, "activity", wait_type="weekday")
        create("Once more", "jump", until, "wait_done", jump_activity_id=offer)
        values = {**whom, "notify_text": "They were at the fair: please call today."}
        tell = create("Tell the team", "notify", task, "activity", **values)
        create("Over", "end", tell, "activity", end_reason="Somebody calls them")
        return name

    def _open_step(self, name):
        self._open_campaign(self._make_journey())
        self._browser.settle()
        self._open_activity(name)

    def journey(self):
        self._open_campaign(self._make_journey())
        self._browser.settle()

    def _choose(self, name, action):
        """Choose something in the menu of a card."""
        self._browser.click(f'.o_marketing_activity_card[data-name="{name}"] .o_marketing_activity_menu')
        self._browser.click(f"[data-action={action}]")

    def copied(self):
        """What was copied, and where it may go."""
        self.journey()
        self._choose("Keen, and near", "copy")
        self._browser.click('.o_marketing_activity_card[data-name="Discount or gift"] .o_marketing_activity_menu')
        self._browser.wait_for("[data-action=paste]")

    def undone(self):
        """A step that was removed, and taken back."""
        self.journey()
        self._browser.click('.o_marketing_activity_card[data-name="Over"] .o_marketing_activity_remove')
        self._browser.click(".o_dialog .btn-danger")
        self._browser.click(".o_notification_buttons button")
        self._browser.wait_for('.o_marketing_activity_card[data-name="Over"]')
        self._browser.wait_for(".o_marketing_workflow_redo:not(:disabled)")

    def condition(self):
        self._open_step("Keen, and near")

    def wait(self):
        self._open_step("Until they click")

    def wait_filter(self):
        self._open_step("Until we can call")

    def wait_date(self):
        self._open_step("Nearly a year")

    def wait_weekday(self):
        self._open_step("Tuesday morning")

    def split(self):
        self._open_step("Discount or gift")

    def jump(self):
        self._open_step("Once more")

    def end(self):
        self._open_step("Over")

    def update_step(self):
        self._open_step("Tag them")

    def list_step(self):
        self._open_step("Newsletter")

    def assign_step(self):
        self._open_step("Find a salesperson")

    def task_step(self):
        self._open_step("Call")

    def notify_step(self):
        self._open_step("Tell the team")

    def _step(self, name):
        return f'.o_marketing_timeline_step[data-name="{name}"]'

    def _open_test_of_journey(self, *of_contact):
        """Open a test that waits for a click."""
        self._open_test(*of_contact, name=self._make_journey())
        if not self._browser.evaluate(f"!!document.querySelector({json.dumps(self._step('Until they click'))})"):
            self._browser.click(f"{self._step('Offer')} .o_marketing_timeline_run")
            self._browser.wait_for(self._step("Until they click"))

    def test_wait(self):
        """A wait in a test: run at once, or as if it had ended."""
        self._open_test_of_journey(["country_id", "!=", False])

    def test_choice(self):
        """A condition in a test, whose branch may be chosen."""
        self._open_test_of_journey(["country_id", "=", False])
        if not self._browser.evaluate(f"!!document.querySelector({json.dumps(self._step('Keen, and near'))})"):
            self._browser.click(f"{self._step('Until they click')} .o_marketing_timeline_choice[data-branch=done]")
        self._browser.wait_for(f"{self._step('Keen, and near')} .o_marketing_timeline_choice")

    def test_end(self):
        """What was chosen in a test, and what came of it."""
        self._open_test_of_journey(["country_id.code", "=", "BE"])
        for name, branch in (("Until they click", "done"), ("Keen, and near", "no")):
            choice = f"{self._step(name)} .o_marketing_timeline_choice[data-branch={branch}]"
            if self._browser.evaluate(f"!!document.querySelector({json.dumps(choice)})"):
                self._browser.click(choice)
                self._browser.wait_gone(choice)
        self._browser.wait_for(self._step("Newsletter"))
