"""Server actions that add to a campaign or remove from it: from a list, for an automation rule, as a step."""

import threading
from contextlib import contextmanager
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .accounts import CONTACTS
from .common import EXECUTION_CRON, MarketingAutomationCommon

ACTIONS_LOG = "odoo.addons.marketing_automation.models.server_actions.enrolment"


@contextmanager
def _watch_queries(sent):
    """Append the texts of the queries of this thread to a list."""

    def note(_cursor, query, _params, _start, _delay):
        sent.append(getattr(query, "code", query))

    hooks = vars(threading.current_thread()).setdefault("query_hooks", [])
    hooks.append(note)
    try:
        yield
    finally:
        hooks.remove(note)


@tagged("post_install", "-at_install")
class TestCampaignActions(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.welcome = cls._create_campaign(name="Welcome", domain="[('email', '!=', False), ('ref', '=', 'in')]")
        cls.greet = cls._create_action(cls.welcome, "Greet", interval_number=2, interval_type="days")
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.requests = cls.env["marketing.entry.request"]
        cls.add = cls._change(cls.welcome)
        cls.employee = new_test_user(cls.env, login="clerk", groups=f"base.group_user,{CONTACTS}")

    @classmethod
    def _change(cls, campaign, state="marketing_enroll", **values):
        return cls.env["ir.actions.server"].create(
            {
                "name": state,
                "model_id": cls.model_partner.id,
                "usage": "marketing_automation",
                "state": state,
                "marketing_campaign_id": campaign.id,
                **values,
            }
        )

    def _open(self, *contacts):
        """Let contacts match the filter of the campaign from now on, without being enrolled by it."""
        for contact in contacts:
            contact.ref = "in"
        self.env.flush_all()

    def _choose(self, action, records, user=None):
        """Choose an action in the Actions menu of a list."""
        context = {"active_model": records._name, "active_ids": records.ids, "active_id": records[:1].id}
        actions = self.env(user=user or self.marketer, context={})["ir.actions.server"]
        with self._at(self.start):
            return call_kw(actions, "run", [action.ids], {"context": context})

    def _answer(self, action, records, user=None):
        """Run an action as an automation rule does, with the rights of the superuser, as who saves a record."""
        context = {"active_model": records._name, "active_ids": records.ids, "active_id": records[:1].id}
        with self._at(self.start):
            return action.with_user(user or self.employee).sudo().with_context(**context).run()

    def _inside(self, campaign=None):
        participants = (campaign or self.welcome).sudo().participant_ids.filtered(lambda p: not p.is_test)
        return self.env["res.partner"].browse(participants.filtered(lambda p: p.state != "unlinked").mapped("res_id"))

    # ------------------------------------------------------------
    # By a person
    # ------------------------------------------------------------

    def test_from_a_list(self):
        """Who may not write contacts may add them; it is told who came in, and who not."""
        self._start(self.welcome)
        self._open(self.ada, self.ben)
        answer = self._choose(self.add, self.ada + self.ben)
        self.assertIn("2 record(s) added to “Welcome”", answer["params"]["message"])
        self.assertEqual(self._participant(self.welcome, self.ada).source, "action")
        answer = self._choose(self.add, self.ada + self.cleo)
        dialog = self.env[answer["res_model"]].browse(answer["res_id"])
        self.assertEqual(set(dialog.line_ids.mapped("reason")), {"participant", "filter_mismatch"})
        remove = self._change(self.welcome, "marketing_remove")
        answer = self._choose(remove, self.ada + self.cleo)
        self.assertIn("1 record(s) removed from “Welcome”", answer["params"]["message"])
        participant = self._participant(self.welcome, self.ada)
        self.assertEqual((participant.state, participant.end_code), ("unlinked", "removed_by_action"))
        self.assertEqual(participant.trace_ids.mapped("state"), ["canceled"])
        self.assertEqual(self._inside(), self.ben)

    @mute_logger("odoo.addons.base.models.ir_actions", "odoo.addons.base.models.ir_model")
    def test_who_may_not_write_the_campaign_changes_nothing(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.welcome.company_id = self.env.company
        self._start(self.welcome)
        self._open(self.ada)
        foreigner = new_test_user(
            self.env,
            login="foreigner",
            groups="marketing_automation.group_marketing_automation_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        portal = new_test_user(self.env, login="visitor", groups="base.group_portal")
        several = self._create_server_action(name="Several", state="multi", code=False, group_ids=False)
        deeper = self._create_server_action(name="Deeper", state="multi", code=False, group_ids=False)
        deeper.child_ids, several.child_ids = self._change(self.welcome), deeper
        for action in (self.add, self._change(self.welcome, "marketing_remove"), several):
            for user in (self.employee, foreigner, portal):
                with self.subTest(action=action.name, user=user.login), self.assertRaises(AccessError):
                    self._choose(action, self.ada, user)
        self.assertFalse(self._inside() or self.requests.search([]))

    def test_groups_of_an_action(self):
        self._start(self.welcome)
        self._open(self.ada)
        self.add.group_ids = self.env.ref("base.group_system")
        with self.assertRaisesRegex(AccessError, "other groups"):
            self._choose(self.add, self.ada)
        self.assertFalse(self._answer(self.add, self.ada))  # within the save of somebody who is in none of them
        self.assertFalse(self._inside() or self.requests.search([]))

    def test_only_records_that_one_may_see(self):
        self._start(self.welcome)
        self._open(self.ada, self.ben)
        self.env["ir.rule"].create(
            {
                "name": "No Ada",
                "model_id": self.model_partner.id,
                "domain_force": "[('name', '!=', 'Ada')]",
                "groups": [(4, self.env.ref("mass_mailing.group_mass_mailing_user").id)],
            }
        )
        answer = self._choose(self.add, self.ada + self.ben)
        self.assertEqual(self.env[answer["res_model"]].browse(answer["res_id"]).line_ids.reason, "no_access")
        self.assertEqual(self._inside(), self.ben)

    def test_several_actions_at_once(self):
        """The other ones run as Odoo runs them: with the rights that the first one asked for."""
        self.marketer.group_ids += self.env.ref(CONTACTS)
        self._start(self.welcome)
        self._open(self.ada)
        tag = self._create_server_action(
            state="object_write", code=False, update_path="comment", html_value="Seen", group_ids=False
        )
        several = self._create_server_action(name="Several", state="multi", code=False, group_ids=False)
        several.child_ids = tag + self._change(self.welcome)
        self.assertIn("1 record(s) added", self._choose(several, self.ada)["params"]["message"])
        self.assertIn("Seen", str(self.ada.comment))
        self.assertEqual(self._inside(), self.ada)

    def test_the_menu_shows_it_to_marketers(self):
        self.add.create_action()
        for user, expected in ((self.marketer, True), (self.employee, False)):
            bindings = self.env["ir.actions.actions"].with_user(user).get_bindings("res.partner")
            found = [action for action in bindings.get("action", []) if action["id"] == self.add.id]
            self.assertEqual(bool(found), expected, user.login)

    def test_what_a_caller_makes_up(self):
        """Ids that do not exist, another model, what a form shows that is not saved."""
        self._start(self.welcome)
        self._open(self.ada)
        actions = self.env(user=self.marketer, context={})["ir.actions.server"]
        for context in (
            {},
            {"active_model": "res.users", "active_ids": self.ada.ids},
            {"active_model": "res.partner", "active_ids": []},
            {"active_model": "res.partner", "active_id": 2**30, "active_ids": [2**30]},
        ):
            with self.subTest(context=context):
                call_kw(actions, "run", [self.add.ids], {"context": context})
                self.assertFalse(self._inside() or self.requests.search([]))
        form = self.env["res.partner"].new(origin=self.ada)
        for user in (self.marketer, self.employee):
            action = self.add.with_user(user).sudo(user == self.employee)
            action.with_context(onchange_self=form, active_model="res.partner", active_id=self.ada.id).run()
            self.assertFalse(self._inside() or self.requests.search([]))

    # ------------------------------------------------------------
    # For an automation rule
    # ------------------------------------------------------------

    def test_within_the_save_of_somebody_else(self):
        """One INSERT, whoever saves; the engine does the rest, exactly once."""
        self._start(self.welcome)
        self._open(*self.contacts)
        self._answer(self.add, self.contacts)  # Odoo learns what it remembers
        self.requests.search([]).unlink()
        sent = []
        with _watch_queries(sent):
            self._answer(self.add, self.contacts)
        self.assertEqual([query for query in sent if "INSERT" in query and "marketing" not in query], [])
        self.assertEqual(len([query for query in sent if "marketing_entry_request" in query]), 1)
        self.assertFalse([query for query in sent if "FOR " in query or "marketing_participant" in query])
        self.assertFalse(self._inside())
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._inside(), self.contacts)
        self.assertEqual(set(self.welcome.sudo().participant_ids.mapped("source")), {"action"})
        self.assertFalse(self.requests.search([]))
        self._answer(self.add, self.contacts)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(len(self.welcome.sudo().participant_ids), 5)

    def test_order_is_kept(self):
        """What is asked of one record is done in that order, that of others meanwhile."""
        self._start(self.welcome)
        self._open(*self.contacts)
        remove = self._change(self.welcome, "marketing_remove")
        for action, contacts in (
            (self.add, self.ada + self.ben),
            (remove, self.ada + self.cleo),
            (self.add, self.cleo),
            (remove, self.ben),
            (self.add, self.dan),
        ):
            self._answer(action, contacts)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._inside(), self.cleo + self.dan)
        self.assertEqual(self._participant(self.welcome, self.ada).end_code, "removed_by_action")
        self.assertFalse(self.requests.search([]))

    def test_what_cannot_work_disturbs_nobody(self):
        """A campaign that does not run, that was deleted, a field that is no longer there, nobody at the end."""
        self.assertIn("does not run", self.add.marketing_notice)
        self._open(self.ada)
        self.assertFalse(self._answer(self.add, self.ada))
        answer = self._choose(self.add, self.ada)
        self.assertIn("does not run", answer["params"]["message"])
        self._start(self.welcome)
        self.assertFalse(self.add.marketing_notice)
        parent = self._change(self.welcome, marketing_path="parent_id")
        self.assertFalse(self._answer(parent, self.ada))
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_act_server SET marketing_path = 'x_gone' WHERE id = %s", [parent.id])
        self.env.invalidate_all()
        self.assertIn("x_gone", parent.marketing_notice)
        with self.assertLogs(ACTIONS_LOG, "WARNING"):
            self.assertFalse(self._answer(parent, self.ada))
        self.welcome.action_stop_campaign()
        self.welcome.unlink()
        self.env.invalidate_all()
        self.assertIn("is missing", self.add.marketing_notice)
        with self.assertLogs(ACTIONS_LOG, "WARNING"):
            self.assertFalse(self._answer(self.add, self.ada))
        with self.assertRaisesRegex(ValidationError, "is missing"):
            self._choose(self.add, self.ada)
        self.assertFalse(self.requests.search([]))

    def test_stopped_before_it_was_done(self):
        """What happened while the campaign ran is done when it runs again; it goes with the campaign."""
        self._start(self.welcome)
        self._open(self.ada)
        self._answer(self.add, self.ada)
        self.welcome.action_stop_campaign()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertFalse(self._inside())
        self.assertTrue(self.requests.search([]))
        self.welcome.domain = "[('name', '=', 'Ada')]"
        self.welcome.unlink()
        self.assertFalse(self.requests.search([]))

    def test_a_filter_that_cannot_be_read(self):
        """The campaign stops with the reason, and what was asked is not lost."""
        self._start(self.welcome)
        self._open(self.ada)
        self._answer(self.add, self.ada)
        workflow = dict(self.welcome.workflow, domain="[('gone', '=', 1)]")
        self.welcome.sudo().workflow = workflow
        with mute_logger("odoo.addons.marketing_automation.models.runtime.loop"):
            self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.welcome.state, "stopped")
        self.assertTrue(self.requests.search([]))

    # ------------------------------------------------------------
    # As a step
    # ------------------------------------------------------------

    def _hand_over(self, *actions, name="Nurture", **values):
        campaign = self._create_campaign(name=name, **values)
        activities = [
            self._create_activity(campaign, action.name, "action", "begin", None, server_action_id=action.id)
            for action in actions
        ]
        return campaign, activities

    def test_from_one_campaign_to_the_next(self):
        self._start(self.welcome)
        self._open(self.ada, self.ben)
        nurture, [step] = self._hand_over(self.add)
        self.assertEqual(step.action_description, "Add to the campaign “Welcome”")
        self._start(nurture)
        self._run_crons(self.start, EXECUTION_CRON, EXECUTION_CRON)
        self.assertTraces(step, dict.fromkeys(self.contacts, "processed"))
        self.assertEqual(self._inside(), self.ada + self.ben)
        later, [leave] = self._hand_over(self._change(self.welcome, "marketing_remove"), name="Later")
        self.assertEqual(leave.action_description, "Remove from the campaign “Welcome”")
        self._start(later)
        self._run_crons(self.start, EXECUTION_CRON, EXECUTION_CRON)
        self.assertFalse(self._inside())
        self.assertIn("server action", self._participant(self.welcome, self.ada).end_reason)

    def test_a_batch_takes_no_query_each(self):
        self._start(self.welcome)
        many = self.env["res.partner"].create([{"name": f"Contact {number}", "ref": "in"} for number in range(60)])
        counts = []
        for contacts in (self.contacts[:2], self.contacts, many):
            nurture, [_step] = self._hand_over(self._change(self.welcome), domain=repr([("id", "in", contacts.ids)]))
            self._start(nurture)
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._run_crons(self.start, EXECUTION_CRON)
            counts.append(self.cr.sql_log_count - before)
        self.assertLess(counts[2] - counts[1], 10)  # for 55 more

    def test_two_campaigns_that_add_to_each_other(self):
        """Nobody comes in twice: a circle ends where it began."""
        first, [_to_second] = self._hand_over(self._change(self.welcome), name="First")
        second = self._create_campaign(name="Second", domain="[('id', '=', 0)]")
        self._start(first)
        back = self._change(first)
        self._create_activity(second, "Back", "action", "begin", None, server_action_id=back.id)
        self._start(second)
        first.marketing_activity_ids.server_action_id.sudo().marketing_campaign_id = second
        first.action_update_participants()
        for _round in range(4):
            self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(len(first.sudo().participant_ids), 5)
        self.assertFalse(self.requests.search([]))

    def test_a_circle_goes_round_once_a_day(self):
        """Two campaigns into which one comes at any time, and that add to each other."""
        campaigns = [self._create_campaign(name=name, reentry="restart", domain="[]") for name in ("First", "Second")]
        for campaign, other in zip(campaigns, reversed(campaigns), strict=True):
            campaign.entry_ids.unlink()
            to_other = self._change(other)
            self._create_activity(campaign, "On", "action", "begin", None, server_action_id=to_other.id)
            self._start(campaign)
        for campaign in campaigns:
            self._start(campaign)
        with self._at(self.start):
            campaigns[0].action_enroll(self.ada.ids)
        for day, passages in ((0, 2), (1, 3), (2, 4)):
            for _round in range(6):
                self._run_crons(self.start + timedelta(days=day, minutes=1), EXECUTION_CRON)
            self._answer(self._change(campaigns[1]), self.ben)
            counts = [len(self._participant(campaign, self.ada)) for campaign in campaigns]
            self.assertLessEqual(max(counts), passages)
        self.assertGreater(min(counts), 0)

    def test_nothing_of_a_test_counts_elsewhere(self):
        self._start(self.welcome)
        self._open(self.ada)
        nurture, [_step] = self._hand_over(self.add)
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        wizard = wizard.create({"campaign_id": nurture.id, "res_id": self.ada.id, "confirmed": True})
        with self._at(self.start):
            participant = self.env["marketing.participant"].browse(wizard.action_launch_test()["res_id"])
            participant.with_user(self.marketer).trace_ids.action_run_test()
        self.assertEqual(participant.trace_ids.mapped("state"), ["processed"])
        self.assertFalse(self.requests.search([]) or self._inside())

    def test_start_says_what_is_missing(self):
        nurture, [_step] = self._hand_over(self.add)
        self.assertIn("“Welcome”, which does not run", nurture.with_user(self.marketer).warning_text)
        self.welcome.sudo().company_id = self.env["res.company"].create({"name": "Second"})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertNotIn("Welcome", nurture.with_user(self.marketer).warning_text)
        with self.assertRaisesRegex(UserError, "may not change the participants of its campaign"):
            nurture.with_user(self.marketer).action_start_campaign()
        self.assertNotIn("Welcome", self.add.with_user(self.marketer).marketing_description)
        self.welcome.sudo().unlink()
        with self.assertRaisesRegex(UserError, "The campaign that it is about is missing"):
            nurture.with_user(self.marketer).action_start_campaign()

    def test_a_running_step_whose_campaign_is_deleted_waits(self):
        self._start(self.welcome)
        nurture, [step] = self._hand_over(self.add)
        self._start(nurture)
        self.welcome.action_stop_campaign()
        self.welcome.unlink()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(step, dict.fromkeys(self.contacts, "scheduled"))
        self.assertIn("Greet" if not nurture.waiting_text else "marketing_enroll", nurture.waiting_text)

    # ------------------------------------------------------------
    # Paths
    # ------------------------------------------------------------

    def test_through_a_link(self):
        self._start(self.welcome)
        self._open(self.ada, self.ben)
        (self.cleo + self.dan).parent_id = self.ada
        company = self._change(self.welcome, marketing_path="parent_id")
        self.assertIn("Add Related Company to the campaign", company.marketing_description)
        self._choose(company, self.cleo + self.dan + self.eve)
        self.assertEqual(self._inside(), self.ada)
        users = self._change(self.welcome, model_id=self.env["ir.model"]._get("res.users").id)
        self.assertEqual(users.marketing_path, "partner_id")  # the one way there is
        partner = self.employee.partner_id
        partner.email = "clerk@people.example.com"
        self._open(partner)
        self._answer(users, self.employee)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._inside(), self.ada + partner)

    def test_paths_that_are_refused(self):
        for path in ("name", "child_ids", "category_id", "nope", "parent_id.", ".", "country_id", "parent_id.user_id"):
            with self.subTest(path=path), self.assertRaises(ValidationError), self.cr.savepoint():
                self._change(self.welcome, marketing_path=path)
        with self.assertRaisesRegex(ValidationError, "is for “Contact”"), self.cr.savepoint():
            self._change(self.welcome, model_id=self.env["ir.model"]._get("res.country").id)

    def test_fields_that_the_user_may_not_read(self):
        self._start(self.welcome)
        self._open(self.ada)
        self.ben.parent_id = self.ada
        company = self._change(self.welcome, marketing_path="parent_id")
        field = self.env["res.partner"]._fields["parent_id"]
        self.patch(field, "groups", "base.group_system")
        with self.assertRaises(AccessError):
            self._choose(company, self.ben)
        self.assertFalse(self._inside())

    def test_the_form(self):
        with Form(self.env["ir.actions.server"].with_user(self.env.ref("base.user_admin"))) as form:
            form.model_id = self.env["ir.model"]._get("res.users")
            form.state = "marketing_enroll"
            form.marketing_campaign_id = self.welcome
            self.assertEqual(form.marketing_path, "partner_id")
            self.assertIn("does not run", form.marketing_notice)
            self.assertEqual(form.name, "Add to “Welcome”")
        action = form.save()
        action.marketing_campaign_id = self._create_campaign(name="Other")
        self.assertEqual(action.automated_name, "Add to “Other”")
        action.marketing_campaign_id = self.welcome
        action.copy()
        self.assertEqual(action.state, "marketing_enroll")
        self.assertFalse(action.warning)
        self.assertEqual(
            self.env["ir.actions.server"]
            .create(
                {
                    "name": "Both",
                    "model_id": action.model_id.id,
                    "state": "multi",
                    "child_ids": [Command.link(action.id)],
                }
            )
            .warning,
            False,
        )
