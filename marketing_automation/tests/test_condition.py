from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon

YES = "[('name', 'in', ('Ada', 'Ben'))]"


@tagged("post_install", "-at_install")
class TestCondition(MarketingAutomationCommon):
    """A condition: who matches it when it runs goes on at Yes, the others at No."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.condition = cls._create_activity(
            cls.campaign, "One of us", "condition", "begin", None, condition_domain=YES
        )
        cls.yes = cls._create_action(cls.campaign, "Ours", "cond_yes", cls.condition)
        cls.no = cls._create_action(cls.campaign, "Theirs", "cond_no", cls.condition)

    def _live(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)

    def _get_card(self):
        cards = self.campaign.with_user(self.marketer).get_workflow_cards()["cards"]
        return next(card for card in cards if card["id"] == self.condition.id)

    def _get_numbers(self):
        self.env.invalidate_all()
        return {metric["label"]: metric["count"] for metric in self._get_card()["metrics"]}

    # ------------------------------------------------------------
    # Who goes where
    # ------------------------------------------------------------

    def test_both_ways(self):
        self._live()
        self.assertTraces(self.yes, {self.ada: "processed", self.ben: "processed", self.cleo: None})
        self.assertTraces(self.no, {self.ada: None, self.ben: None, self.cleo: "processed"})
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"completed"})

    def test_it_is_decided_when_it_is_due(self):
        self.condition.write({"interval_number": 2, "interval_type": "days"})
        self._live()
        self.cleo.name = "Ada"
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertTraces(self.yes, {self.cleo: "processed"})

    def test_why_somebody_went_that_way(self):
        """The timeline says what the record had when it was looked at, whatever it has now."""
        belgium, france = self.env.ref("base.be"), self.env.ref("base.fr")
        self.ada.country_id, self.ben.country_id, self.cleo.country_id = belgium, france, False
        self.condition.condition_domain = "[('country_id.code', '=', 'BE'), ('name', '!=', 'Zoe')]"
        self._live()
        self.ben.country_id = belgium
        notes = {}
        for contact in (self.ada, self.ben, self.cleo):
            participant = self.campaign.sudo().participant_ids.filtered(lambda one, who=contact: one.res_id == who.id)
            [step] = participant.with_user(self.marketer).timeline_data["steps"]
            notes[contact] = step["note"]
        self.assertEqual(
            list(notes.values()), ["Yes: Country was Belgium", "No: Country was France", "No: Country was empty"]
        )
        ben = self.campaign.sudo().participant_ids.filtered(lambda one: one.res_id == self.ben.id)
        rule = {"name": "No Ben", "model_id": self.env["ir.model"]._get_id("res.partner")}
        self.env["ir.rule"].create({**rule, "domain_force": f"[('id', '!=', {self.ben.id})]"})
        self.env.invalidate_all()
        [step] = ben.with_user(self.marketer).timeline_data["steps"]
        self.assertEqual(step["note"], "No", "who may not read the record is told nothing of it")
        self.env["ir.rule"].search([("name", "=", "No Ben")]).unlink()
        self.ben.unlink()
        self.assertFalse(ben.trace_ids.filtered("end_params"), "it goes with the record")

    def test_both_ways_may_be_empty(self):
        (self.yes | self.no).unlink()
        self._live()
        self.assertEqual(self.condition.processed, len(self.contacts))
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"completed"})

    def test_records_that_the_user_may_not_see(self):
        """What the condition compares with is what the campaign's user sees: nothing more shows by who goes where."""
        team = self.env["res.partner"].create({"name": "Team"})
        self.contacts[:2].parent_id = team
        self.condition.condition_domain = "[('parent_id.name', '=', 'Team')]"
        rule = {"name": "No team", "model_id": self.env["ir.model"]._get_id("res.partner")}
        self.env["ir.rule"].create({**rule, "domain_force": f"[('id', '!=', {team.id})]"})
        self._live()
        self.assertTraces(self.yes, dict.fromkeys(self.contacts))
        self.assertTraces(self.no, dict.fromkeys(self.contacts, "processed"))

    def test_archived_records_of_the_audience(self):
        """They match as those do that the campaign takes in: the audience's filter says that they are asked for."""
        self.campaign.domain = f"[('id', 'in', {self.contacts.ids}), ('active', 'in', [True, False])]"
        self.ben.active = False
        self._live()
        self.assertTraces(self.yes, {self.ada: "processed", self.ben: "processed", self.cleo: None})

    def test_one_query_for_a_batch(self):
        self._start(self.campaign)
        counts = []
        for trace_ids in (self.condition.sudo().trace_ids[:1].ids, self.condition.sudo().trace_ids.ids):
            self.env.invalidate_all()
            traces = self.env["marketing.trace"].sudo().browse(trace_ids)
            before = self.cr.sql_log_count
            self.condition.sudo()._execute_condition(traces, self.start)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_an_edit_waits_for_the_update(self):
        self.condition.write({"interval_number": 2, "interval_type": "days"})
        self._live()
        self.condition.condition_domain = "[('name', '=', 'Cleo')]"
        self.assertTrue(self.campaign.require_sync)
        words = "“One of us” was: If Name is Ada or Ben. It becomes: If Name is Cleo."
        self.assertEqual(self.campaign.sudo()._get_changes(), [words])
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertTraces(self.yes, {self.ada: "processed", self.cleo: None})

    def test_a_test_goes_one_way(self):
        values = {"campaign_id": self.campaign.id, "res_id": self.cleo.id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            test.trace_ids.action_run_test()
        self.assertEqual(test.trace_ids.activity_id, self.condition | self.no)
        [step] = test.timeline_data["steps"]
        self.assertEqual(step["note"], "No")
        self.assertEqual(self._get_numbers(), {"Yes": 0, "No": 0}, "tests are not counted")

    # ------------------------------------------------------------
    # Numbers and words
    # ------------------------------------------------------------

    def test_numbers(self):
        self._live()
        others = len(self.contacts) - 2
        self.assertEqual(self._get_numbers(), {"Yes": 2, "No": others})
        condition = self.condition.with_user(self.marketer)
        action = condition.action_view_records("branch:no")
        self.assertEqual(action["display_name"], "One of us: No")
        found = self.env["marketing.participant"].with_user(self.marketer).search(action["domain"])
        self.assertEqual(set(found.mapped("res_id")), set((self.contacts - self.ada - self.ben).ids))
        for metric in ("branch:", "branch:other", "yes", ["branch:yes"], None):
            with self.subTest(metric), self.assertRaises(UserError):
                condition.action_view_records(metric)

    def test_numbers_stay_when_steps_are_summed_up(self):
        self._live()
        before = self._get_numbers()
        with self._at(self.start):
            self.campaign.action_stop_campaign()
        self.env["ir.config_parameter"].set_param("marketing_automation.retention_months", 3)
        with self.mock_datetime_and_now(self.start + timedelta(days=120)):
            self.assertEqual(self.env["marketing.trace.figure"]._gc_history()[0], len(self.contacts))
        self.assertFalse(self.condition.sudo().trace_ids)
        self.assertEqual(self._get_numbers(), before)

    def test_words(self):
        self.assertIn("see whether “One of us” is true of the record", self.condition.sentence)
        self.assertEqual(self.yes._get_badge()[0], "Yes · at once")
        self.assertEqual(self.yes.trigger_label, "As soon as “One of us” says “Yes”")
        self.no.write({"interval_number": 2, "interval_type": "days"})
        self.assertEqual(self.no.trigger_label, "2 days after “One of us” said “No”")
        self.assertEqual(self._get_card()["condition"], YES)
        self.assertEqual(
            [label for _type, label, *_rest in self.condition._get_child_triggers()], ["Yes", "No", "Either way"]
        )

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_without_a_condition(self):
        for nothing in (False, "", "[]"):
            with self.subTest(nothing):
                self.condition.condition_domain = nothing
                self.assertIn("“One of us” has no condition yet", "\n".join(self.condition._get_start_errors()))
                with self.assertRaisesRegex(UserError, "“One of us” has no condition yet"):
                    self.campaign.action_start_campaign()

    def test_what_is_no_condition(self):
        condition = self.condition.with_user(self.marketer)
        for text in ("nonsense", "[('no_such_field', '=', 1)]", "[('name', '=', __import__('os'))]", "[1, 2]", "{}"):
            with self.subTest(text), self.assertRaisesRegex(ValidationError, "the condition “One of us”"):
                condition.condition_domain = text

    def test_a_field_that_the_user_may_not_read(self):
        """Whose group may read it may choose it; who starts the campaign has to be able to read it."""
        self.patch(self.env.registry["res.partner"]._fields["ref"], "groups", "base.group_system")
        self.condition.sudo().condition_domain = "[('ref', '=', 'VIP')]"
        self.assertIn("The condition “One of us”", "\n".join(self.campaign._get_filter_errors(self.marketer)))

    def test_a_record_that_it_names_is_deleted(self):
        """Nobody is sent the wrong way: the campaign stops, and says why."""
        tag = self.env["res.partner.category"].create({"name": "Team"})
        self.condition.write({"condition_domain": f"[('category_id', 'not in', [{tag.id}])]", "interval_number": 2})
        self._live()
        tag.unlink()
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertRegex(self.campaign.sudo().stop_reason, "The condition “One of us”: .* was deleted")
        self.assertTraces(self.condition, dict.fromkeys(self.contacts, "scheduled"))

    def test_only_the_engine_says_which_branch(self):
        self._live()
        trace = self.condition.trace_ids[:1].with_user(self.marketer)
        for values in ({"branch": "yes"}, {"branch": False}):
            with self.subTest(values), self.assertRaises(AccessError):
                trace.write(values)

    def test_it_has_run_and_cannot_send_now(self):
        """Who is past it would wait for a message that was never made."""
        email = self._create_email(self.campaign, "Welcome")
        (self.yes | self.no).trigger_type = "activity"
        self.condition.activity_type = "email"  # nobody has come to it
        self.condition.activity_type = "condition"
        self._live()
        with self.assertRaisesRegex(UserError, "“One of us” has run"):
            self.condition.with_user(self.marketer).write(
                {"activity_type": "email", "mass_mailing_id": email.mass_mailing_id.id}
            )

    def test_what_is_no_type(self):
        condition = self.condition.with_user(self.marketer)
        for value in (["email"], {"email": 1}, 7, "no such type"):
            with self.subTest(value), self.assertRaises(ValidationError):
                condition.write({"activity_type": value})

    def test_what_follows_a_condition_alone(self):
        email = self._create_email(self.campaign, "Welcome")
        with self.assertRaisesRegex(ValidationError, "cannot give the trigger"):
            self._create_action(self.campaign, "Yes?", "cond_yes", email)
        with self.assertRaisesRegex(ValidationError, "cannot give the trigger"):
            self._create_action(self.campaign, "Opened?", "mail_open", self.condition)
