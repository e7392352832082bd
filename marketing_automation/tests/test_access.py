from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import new_test_user, tagged

from .accounts import MANAGER, USER
from .common import MarketingAutomationCommon

ALL = ("read", "write", "create", "unlink")
# What marketing users may do themselves; everything else is the engine's.
RIGHTS = {
    "marketing.campaign": ALL,
    "marketing.activity": ALL,
    "marketing.entry": ALL,
    "marketing.entry.request": ("read",),
    "marketing.entry.call": ("read",),
    "marketing.participant": ("read",),
    "marketing.trace": ("read",),
    "marketing.trace.event": ("read",),
    "marketing.trace.figure": ("read",),
    "marketing.trace.report": ("read",),
    "marketing.step.report": ("read",),
    "marketing.cohort.report": ("read",),
    "marketing.delivery.report": ("read",),
    "marketing.campaign.test": ALL,
    "marketing.campaign.start": ALL,
    "marketing.campaign.enroll": ALL,
    "marketing.campaign.enroll.line": ALL,
    "marketing.campaign.update": ALL,
    "marketing.campaign.update.line": ALL,
    "marketing.sample": ALL,
}
# What can be called from outside, beside what every model of Odoo has.
METHODS = {
    "marketing.campaign": {
        *("action_start_campaign", "action_stop_campaign", "action_update_participants", "action_enroll"),
        *("action_launch_test", "action_retry_errors", "action_open_update"),
        *(
            "action_view_participants",
            "action_view_people",
            "action_view_templates",
            "action_view_clicks",
            "action_view_errors",
            "action_view_goal",
        ),
        *("action_view_tests", "get_update_preview", "get_workflow_cards", "action_view_removed", "get_setup"),
        *("action_open_start", "get_start_preview", "get_past_count", "get_entry_numbers"),
        *("action_open_forecast", "get_forecast"),
        *("action_clear_workflow", "action_drop_unicity"),
        *("action_view_results", "action_view_step_report", "action_view_cohorts", "action_view_deliverability"),
        "get_funnel",
        *("get_campaign_templates", "create_from_template", "get_checklist", "action_export"),
    },
    "marketing.entry": {"action_renew_token"},
    "marketing.entry.request": set(),
    "marketing.entry.call": set(),
    "marketing.activity": {
        *("action_remove", "action_view_records", "action_view_errors", "action_view_left_out", "action_retry_errors"),
        *("action_paste", "get_palette", "get_click_map", "action_clear_winner"),
    },
    "marketing.activity.branch": {"action_choose_winner"},
    "marketing.participant": {
        "action_remove",
        "action_stop_test",
        "action_test_again",
        "action_refresh_test",
        "action_view_runs",
    },
    "marketing.trace": {"action_retry", "action_run_test", "action_fire_event"},
    "marketing.trace.event": set(),
    "marketing.trace.figure": set(),
    "marketing.trace.report": {"action_open_trace"},
    "marketing.step.report": {"action_view_records"},
    "marketing.cohort.report": {"action_open_participant"},
    "marketing.delivery.report": {"action_open_participant"},
    "marketing.campaign.test": {
        *("action_launch_test", "action_confirm_test", "action_choose_another", "action_create_me"),
    },
    "marketing.campaign.import": {"action_preview", "action_import"},
    "marketing.campaign.import.line": set(),
    "marketing.campaign.start": {"action_start"},
    "marketing.campaign.enroll": {"action_enroll"},
    "marketing.campaign.enroll.line": {"action_view_records"},
    "marketing.campaign.update": {"action_update"},
    "marketing.campaign.update.line": set(),
    "marketing.sample": {"action_send"},
}
PRIVATE = [
    ("marketing.campaign", "sync_participants", []),
    ("marketing.campaign", "execute_activities", []),
    ("marketing.trace.event", "record_events", ["open", [], "forged"]),
    ("marketing.entry.request", "request", ["add", 1, [1]]),
]


@tagged("post_install", "-at_install")
class TestAccess(MarketingAutomationCommon):
    """Who may do what, through the doors that are open to others than Odoo itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.manager = new_test_user(cls.env, login="manager", groups=f"{MANAGER}")
        cls.outsiders = [
            new_test_user(cls.env, login=f"user of {groups}", groups=groups)
            for groups in (
                *("base.group_user", "base.group_portal", "base.group_public"),
                *("mass_mailing.group_mass_mailing_user", "base.group_partner_manager"),
            )
        ]

    def _call(self, user, records, method, *args, **kwargs):
        """Call a method as the external API does."""
        return call_kw(self.env[records._name].with_user(user), method, [records.ids, *args], kwargs)

    def test_rights_by_group(self):
        for model, rights in RIGHTS.items():
            for user in (self.marketer, self.manager):
                for operation in ALL:
                    allowed = self.env[model].with_user(user).has_access(operation)
                    self.assertEqual(allowed, operation in rights, f"{user.login}: {operation} {model}")
            for user in self.outsiders:
                for operation in ALL:
                    allowed = self.env[model].with_user(user).has_access(operation)
                    self.assertFalse(allowed, f"{user.login}: {operation} {model}")

    def test_accounts_have_what_they_are_said_to_have(self):
        """What the tests and tours do is what users can do to whom an administrator gave this group, as Odoo comes."""
        for user, group in ((self.marketer, USER), (self.manager, MANAGER)):
            self.assertEqual(list(user.group_ids.get_external_id().values()), [group])
            self.assertFalse(user.has_group("base.group_partner_manager"))
            self.assertFalse(user.has_group("mail.group_mail_template_editor"))
        self.assertEqual(self.env["ir.config_parameter"].get_param("mail.restrict.template.rendering"), "True")

    def test_what_can_be_called_from_outside(self):
        """Nothing of the engine, and nothing by accident."""
        ordinary = {"create", "write", "unlink", "copy", "copy_data", "default_get", "onchange"}
        for name, expected in METHODS.items():
            model = self.env[name]
            found = set()
            for method in dir(type(model)):
                module = getattr(getattr(type(model), method, None), "__module__", None) or ""
                if (
                    method.startswith("_")
                    or not module.startswith("odoo.addons.marketing_automation.")
                    or method in ordinary
                ):
                    continue
                with suppress(AccessError, AttributeError):
                    get_public_method(model, method)
                    found.add(method)
            self.assertEqual(found, expected, name)

    def test_what_the_engine_keeps_for_itself(self):
        for model, method, args in PRIVATE:
            with self.assertRaises(AccessError):
                call_kw(self.env[model].with_user(self.manager), method, args, {})

    def test_outsiders_call_nothing(self):
        self._start(self.campaign)
        participant = self.campaign.sudo().participant_ids[0]
        calls = [
            (self.campaign, "action_start_campaign", []),
            (self.campaign, "action_stop_campaign", []),
            (self.campaign, "action_update_participants", []),
            (self.campaign, "action_enroll", [self.contacts.ids]),
            (self.campaign, "action_launch_test", []),
            (self.campaign, "action_retry_errors", []),
            (self.campaign, "get_update_preview", []),
            (self.campaign, "copy", []),
            (self.email, "action_remove", []),
            (self.email, "action_paste", [self.campaign.id]),
            (participant, "action_remove", []),
            (participant, "action_stop_test", []),
            (participant, "action_test_again", []),
            (participant, "action_refresh_test", []),
            (participant.trace_ids, "action_retry", []),
            (participant.trace_ids, "action_run_test", []),
            (participant.trace_ids, "action_fire_event", ["open"]),
        ]
        for user in self.outsiders:
            for records, method, args in calls:
                with self.assertRaises(AccessError, msg=f"{user.login}: {method}"), self.cr.savepoint():
                    self._call(user, records, method, *args)
        self.assertEqual((self.campaign.state, participant.state), ("running", "running"))

    def test_over_the_external_api(self):
        """A campaign made, started, looked at and stopped by calls alone, with the checks of the form."""
        values = {"name": "By API", "model_id": self.model_partner.id, "domain": self.campaign.domain}
        [campaign_id] = call_kw(self.env["marketing.campaign"].with_user(self.marketer), "create", [[values]], {})
        campaign = self.env["marketing.campaign"].browse(campaign_id)
        activity = {
            "name": "Welcome",
            "campaign_id": campaign_id,
            "activity_type": "email",
            "mass_mailing_id": self._create_template("By API").id,
        }
        activities = self.env["marketing.activity"].with_user(self.marketer)
        for broken, message in [
            ({"interval_number": 1.5}, "whole number"),
            ({"interval_number": -1}, "whole number"),
            ({"activity_domain": "everybody"}, "is no filter"),
            ({"trigger_type": "mail_open"}, "choose which activity"),
        ]:
            with self.assertRaisesRegex(UserError, message), self.cr.savepoint():
                call_kw(activities, "create", [[{**activity, **broken}]], {})
        call_kw(activities, "create", [[activity]], {})
        with self._at(self.start):
            self._call(self.marketer, campaign, "action_start_campaign")
        [read] = self._call(self.marketer, campaign, "read", ["state", "total_participant_count", "run_as_id"])
        self.assertEqual(read["state"], "running")
        self.assertEqual(read["total_participant_count"], len(self.contacts))
        self.assertEqual(read["run_as_id"][0], self.marketer.id)
        self._call(self.marketer, campaign, "action_stop_campaign")
        self.assertEqual(campaign.state, "stopped")

    def _load(self, model, fnames, *rows):
        result = self.env[model].with_user(self.marketer).load(fnames, [list(map(str, row)) for row in rows])
        messages = "\n".join(str(message["message"]) for message in result["messages"])
        return self.env[model].browse(result["ids"] or []), messages

    def test_import(self):
        """Odoo's import makes drafts, and meets the checks of the form."""
        fnames = ["name", "model_id/.id", "domain"]
        campaigns, messages = self._load(
            "marketing.campaign",
            fnames,
            ("First", self.model_partner.id, "[('name', '=', 'Ada')]"),
            ("Second", self.model_partner.id, "[]"),
        )
        self.assertFalse(messages)
        self.assertEqual(campaigns.mapped("state"), ["draft", "draft"])
        self.assertTrue(all(campaigns.mapped("utm_campaign_id")))
        for row, message in [
            (("Broken", self.model_partner.id, "[('nothing', '=', 1)]"), "nothing"),
            (("Broken", self.env["ir.model"]._get("res.country").id, "[]"), "no mail thread"),
        ]:
            campaigns, messages = self._load("marketing.campaign", fnames, row)
            self.assertFalse(campaigns)
            self.assertIn(message, messages)
        for fname, value in [("state", "Running"), ("run_as_id/.id", self.manager.id), ("tz", "UTC")]:
            campaigns, messages = self._load(
                "marketing.campaign", ["name", "model_id/.id", fname], ("Forged", self.model_partner.id, value)
            )
            self.assertFalse(campaigns, fname)
            self.assertIn("cannot be written", messages)

    def test_import_of_activities(self):
        template = self._create_template("Imported")
        fnames = ["name", "campaign_id/.id", "activity_type", "mass_mailing_id/.id", "interval_number"]
        row = ("Imported", self.campaign.id, "Email", template.id)
        for number, message in [("1.5", "integer"), ("-1", "whole number"), ("soon", "integer")]:
            activities, messages = self._load("marketing.activity", fnames, (*row, number))
            self.assertFalse(activities, number)
            self.assertRegex(messages, message)
        activities, messages = self._load("marketing.activity", fnames, (*row, "3"))
        self.assertEqual((activities.interval_number, messages), (3, ""))

    def test_a_right_lost_while_running(self):
        """The campaign stops with the reason, nobody leaves, and a restart by another goes on."""
        self._start(self.campaign)
        self.manager.group_ids += self.env.ref("base.group_partner_manager")
        self.env["ir.model.access"].search([("model_id", "=", self.model_partner.id)]).filtered(
            lambda access: access.group_id == self.env.ref("base.group_user")
        ).perm_read = False
        self._run_crons(self.start)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("may not read", self.campaign.stop_reason)
        self.assertTraces(self.email, dict.fromkeys(self.contacts, "scheduled"))
        self._start(self.campaign.with_user(self.manager))
        self._run_crons(self.start)
        self.assertTraces(self.email, dict.fromkeys(self.contacts, "processed"))

    def test_responsible_and_utm_campaign_give_nothing(self):
        """The Responsible informs; users of Email Marketing may write the UTM campaign, but not rename it."""
        self._start(self.campaign)
        self.campaign.user_id = self.manager
        self.assertEqual(self.campaign.run_as_id, self.marketer)
        mailer = new_test_user(self.env, login="mailer", groups="mass_mailing.group_mass_mailing_user")
        utm_campaign = self.campaign.utm_campaign_id.with_user(mailer)
        utm_campaign.write({"user_id": mailer.id})
        with self.assertRaises(AccessError):
            utm_campaign.write({"title": "Mine"})
        with self.assertRaisesRegex(UserError, "Prospection"):
            utm_campaign.sudo().unlink()
        self._run_crons(self.start)
        self.assertEqual((self.campaign.name, self.campaign.run_as_id), ("Prospection", self.marketer))
        self.assertTraces(self.email, dict.fromkeys(self.contacts, "processed"))
