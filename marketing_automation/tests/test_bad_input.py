from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestBadInput(MarketingAutomationCommon):
    """What cannot work is refused, with a message that names the thing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()

    def test_filter_that_is_no_domain(self):
        for text in ("[('name', '=', 'Ada')", "no domain", "{}", "[('name',)]", "1 / 0", "__import__('os')"):
            with self.assertRaisesRegex(ValidationError, "Prospection"), self.cr.savepoint():
                self.campaign.domain = text

    def test_filter_on_a_field_that_is_not_there(self):
        with self.assertRaisesRegex(ValidationError, "shoe_size"), self.cr.savepoint():
            self.campaign.domain = "[('shoe_size', '>', 42)]"
        activity = self._create_action(self.campaign, "Act")
        with self.assertRaisesRegex(ValidationError, "Act.*shoe_size"), self.cr.savepoint():
            activity.activity_domain = "[('shoe_size', '>', 42)]"

    def test_interval_over_rpc(self):
        for fname in ("interval_number", "validity_duration_number"):
            for value in (1.5, "two", "1.5", True, None, [1]):
                with self.assertRaisesRegex(ValidationError, "whole number"), self.cr.savepoint():
                    self._create_action(self.campaign, "Act", **{fname: value})
            activity = self._create_action(self.campaign, "Act")
            for value in (-1, 10**9):
                with self.assertRaisesRegex(ValidationError, "whole number"), self.cr.savepoint():
                    activity.write({fname: value, "validity_duration": True})
            activity.write({fname: 0, "validity_duration": True})
        with self.assertRaisesRegex(ValidationError, "1.5"), self.cr.savepoint():
            self.campaign.write({"marketing_activity_ids": [(1, activity.id, {"interval_number": 1.5})]})

    def test_interval_in_the_form(self):
        for value in (-1, 1.5):
            with self.assertRaisesRegex(ValidationError, "whole number"), self.cr.savepoint():
                activity = self._create_action(self.campaign, "Act")
                with Form(activity, view="marketing_automation.marketing_activity_view_form") as form:
                    form.interval_number = value

    def test_import_of_a_number_as_text(self):
        """What Odoo's import hands over for a whole number is one."""
        self.assertEqual(self._create_action(self.campaign, "Act", interval_number="3").interval_number, 3)

    def test_template_without_title(self):
        for title in (" ", "\t"):
            with self.assertRaisesRegex(ValidationError, "title"), self.cr.savepoint():
                self._create_template(title)

    def test_two_templates_with_one_title(self):
        self._create_email(self.campaign, "Welcome")
        with self.assertRaisesRegex(ValidationError, "Prospection.*Welcome"), self.cr.savepoint():
            self._create_email(self.campaign, "Welcome")
        self._create_email(self._create_campaign(name="Another"), "Welcome")

    def test_server_action_of_another_model(self):
        action = self._create_server_action(name="On users", model_id=self.env["ir.model"]._get("res.users").id)
        with self.assertRaisesRegex(ValidationError, "On users.*Act.*User.*Contact"), self.cr.savepoint():
            self._create_activity(self.campaign, "Act", "action", "begin", None, server_action_id=action.id)

    def test_server_action_of_a_cron(self):
        cron = self.env.ref(EXECUTION_CRON)
        cron.ir_actions_server_id.model_id = self.model_partner
        values = {"name": "Act", "campaign_id": self.campaign.id, "activity_type": "action"}
        values["server_action_id"] = cron.ir_actions_server_id.id
        activities = self.env["marketing.activity"]
        with self.assertRaisesRegex(ValidationError, "belongs to something else"), self.cr.savepoint():
            activities.create(values)
        with self.assertRaisesRegex(AccessError, "Server Action.*may not see"), self.cr.savepoint():
            activities.with_user(self.marketer).create(values)

    def test_template_of_another_target(self):
        template = self._create_template("For leads", mailing_model_id=self.env["ir.model"]._get("mailing.contact").id)
        with self.assertRaisesRegex(ValidationError, "For leads.*Welcome"), self.cr.savepoint():
            self._create_activity(self.campaign, "Welcome", "email", "begin", None, mass_mailing_id=template.id)

    def test_triggers(self):
        email = self._create_email(self.campaign, "Welcome")
        action = self._create_action(self.campaign, "Act", "activity", email)
        stranger = self._create_email(self._create_campaign(name="Another"), "Elsewhere")
        for values, message in [
            ({"parent_id": False}, "choose which activity it follows"),
            ({"trigger_type": "begin"}, "cannot follow"),
            ({"parent_id": stranger.id}, "another campaign"),
            ({"parent_id": action.id}, "after itself"),
        ]:
            with self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                action.write(values)
        with self.assertRaisesRegex(ValidationError, "cannot give the trigger"), self.cr.savepoint():
            self._create_action(self.campaign, "After", "mail_open", action)
        with self.assertRaisesRegex(ValidationError, "after itself"), self.cr.savepoint():
            email.write({"parent_id": action.id, "trigger_type": "activity"})
        self._create_action(self.campaign, "On open", "mail_open", email)
        with self.assertRaisesRegex(ValidationError, "cannot give the trigger"), self.cr.savepoint():
            email.write({"activity_type": "action", "server_action_id": action.server_action_id.id})

    def test_start_names_everything_that_is_wrong(self):
        with self.assertRaisesRegex(UserError, "Prospection.*\n.*workflow is empty"):
            self.campaign.action_start_campaign()
        self._create_activity(self.campaign, "No template", "email", "begin", None)
        self._create_activity(self.campaign, "No action", "action", "begin", None)
        with self.assertRaises(UserError) as refused:
            self.campaign.action_start_campaign()
        self.assertIn("“No template” lacks a mailing template", str(refused.exception))
        self.assertIn("“No action” lacks a server action", str(refused.exception))
        self.assertEqual(self.campaign.state, "draft")

    def test_filter_that_was_readable_once(self):
        self._create_action(self.campaign, "Act")
        self.env.flush_all()
        self.cr.execute(
            "UPDATE marketing_campaign SET domain = '[(''gone'', ''='', 1)]' WHERE id = %s", self.campaign.ids
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "filter cannot be read.*gone"):
            self.campaign.action_start_campaign()

    def _let_target_vanish(self):
        """As the uninstall of the target's module leaves the campaign."""
        self.env.flush_all()
        self.cr.execute(
            """UPDATE marketing_campaign
                  SET model_id = NULL, model_name = 'x.gone', workflow = workflow || '{"model_name": "x.gone"}'
                WHERE id = %s""",
            self.campaign.ids,
        )
        self.env.invalidate_all()

    def test_target_that_vanished(self):
        activity = self._create_action(self.campaign, "Act")
        self._let_target_vanish()
        with self.assertRaisesRegex(UserError, "x.gone"):
            self.campaign.action_start_campaign()
        activity.read()
        self.campaign.read()

    @mute_logger("odoo.addons.marketing_automation.models.runtime.loop")
    def test_target_that_vanishes_while_running(self):
        self._create_action(self.campaign, "Act")
        self._start(self.campaign)
        self._let_target_vanish()
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("x.gone", self.campaign.stop_reason)
        self.assertEqual(set(self.campaign.participant_ids.mapped("state")), {"running"}, "nobody leaves")
        self.campaign.participant_ids.read()

    def test_target_without_mail_thread(self):
        for name in ("res.country", "mailing.list", "ir.model"):
            with self.assertRaisesRegex(ValidationError, "target"), self.cr.savepoint():
                self._create_campaign(model_id=self.env["ir.model"]._get(name).id, domain="[]")

    def test_target_changes_only_without_activities(self):
        contact_model = self.env["ir.model"]._get("mailing.contact")
        self.campaign.model_id = contact_model
        self.assertEqual((self.campaign.model_name, self.campaign.domain), ("mailing.contact", "[]"))
        self.campaign.model_id = self.model_partner
        self._create_action(self.campaign, "Act")
        with self.assertRaisesRegex(UserError, "target of the campaign “Prospection”"):
            self.campaign.model_id = contact_model

    def test_target_changes_when_the_user_lets_the_activities_go(self):
        email = self._create_email(self.campaign, "Welcome")
        self._create_action(self.campaign, "Tag", "mail_click", email)
        template = email.mass_mailing_id
        self.env["marketing.campaign.test"].with_user(self.marketer).create(
            {"campaign_id": self.campaign.id, "res_id": self.contacts[0].id, "confirmed": True}
        ).action_launch_test()
        self.campaign.action_clear_workflow()
        self.assertFalse(self.campaign.with_context(active_test=False).marketing_activity_ids)
        self.assertFalse(template.active)
        self.campaign.model_id = self.env["ir.model"]._get("mailing.contact")
        self.assertEqual(self.campaign.model_name, "mailing.contact")

    def test_activities_of_a_campaign_that_ran_do_not_go(self):
        email = self._create_email(self.campaign, "Welcome")
        self._start(self.campaign)
        with self.assertRaisesRegex(UserError, "has run"):
            self.campaign.action_clear_workflow()
        self.campaign.action_stop_campaign()
        with self.assertRaisesRegex(UserError, "has run"):
            self.campaign.action_clear_workflow()
        self.assertTrue(email.exists())
