from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestLosses(MarketingAutomationCommon):
    """What a campaign names is deleted: it stops, with the reason; nobody enters nor leaves by that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls.act = cls._create_action(cls.campaign, "Act", interval_number=1)
        cls.later = cls.start + timedelta(hours=1)

    def _states(self):
        return set(self.campaign.sudo().participant_ids.mapped("state"))

    # ------------------------------------------------------------
    # Filters
    # ------------------------------------------------------------

    def test_a_tag_of_the_filter_is_deleted(self):
        """Everybody would leave, at the enrolment as at the next step."""
        for cron in (ENROLMENT_CRON, EXECUTION_CRON):
            with self.subTest(cron=cron), self.cr.savepoint() as savepoint:
                self._start(self.campaign)
                self.category.unlink()
                self.campaign.invalidate_recordset(["warning_text"])
                self.assertRegex(
                    self.campaign.warning_text,
                    "“Tags” names a record of “.*” that was deleted. Choose another.* The campaign stops",
                    "before anything looks at it",
                )
                self._run_crons(self.later, cron)
                self.assertEqual(self.campaign.state, "stopped")
                self.assertRegex(self.campaign.stop_reason, "“Tags” names a record of .* that was deleted")
                self.assertEqual(self._states(), {"running"})
                self.assertTraces(self.act, dict.fromkeys(self.contacts, "scheduled"))
                with self.assertRaisesRegex(UserError, "Its filter cannot be read: “Tags” names a record"):
                    self.campaign.action_start_campaign()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_filter_that_is_lost_ends_nothing(self):
        """Of those who are too late by then neither: the campaign stops before it looks at anybody."""
        self.act.write({"validity_duration": True, "validity_duration_number": 1, "validity_duration_type": "hours"})
        self._start(self.campaign)
        self.category.unlink()
        self._run_crons(self.start + timedelta(hours=9), EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertTraces(self.act, dict.fromkeys(self.contacts, "scheduled"))

    def test_a_tag_that_a_filter_leaves_out_is_deleted(self):
        """Everybody would enter who is not to be mailed."""
        unwanted = self.env["res.partner.category"].create({"name": "Unwanted"})
        self.ada.category_id += unwanted
        self.campaign.domain = repr(
            [("category_id", "in", self.category.ids), "!", ("category_id.parent_id", "=", 0)]
            + [("child_ids", "not any", [("category_id", "in", unwanted.ids)]), ("category_id", "not in", unwanted.ids)]
        )
        self._start(self.campaign)
        self.assertEqual(len(self.campaign.participant_ids), 4)
        unwanted.unlink()
        self._run_crons(self.later, ENROLMENT_CRON)
        self.assertEqual((self.campaign.state, len(self.campaign.participant_ids)), ("stopped", 4))

    def test_a_tag_within_a_condition_on_other_records(self):
        """Named there alone."""
        unwanted = self.env["res.partner.category"].create({"name": "Unwanted"})
        self.campaign.domain = repr(
            [("category_id", "in", self.category.ids), ("child_ids", "not any", [("category_id", "in", unwanted.ids)])]
        )
        self._start(self.campaign)
        unwanted.unlink()
        self._run_crons(self.later, ENROLMENT_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("that was deleted", self.campaign.stop_reason)

    def test_the_filter_of_an_activity(self):
        hot = self.env["res.partner.category"].create({"name": "Hot"})
        self.act.activity_domain = repr([("category_id", "=", hot.id)])
        self._start(self.campaign)
        hot.unlink()
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertTraces(self.act, dict.fromkeys(self.contacts, "scheduled"))
        with self.assertRaisesRegex(UserError, "The filter of “Act” cannot be read: “Tags” names"):
            self.campaign.action_start_campaign()

    def test_records_of_the_target_itself_may_go(self):
        self.campaign.domain = repr([("id", "in", self.contacts.ids), ("category_id", "!=", False)])
        self._start(self.campaign)
        self.ada.unlink()
        self._run_crons(self.later, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual((self.campaign.state, self._states()), ("running", {"completed", "unlinked"}))

    def test_a_favourite_filter_is_deleted(self):
        favourite = self.env["mailing.filter"].create(
            {"name": "Prospects", "mailing_model_id": self.model_partner.id, "mailing_domain": self.campaign.domain}
        )
        self.campaign.mailing_filter_id = favourite
        kept = self.campaign.domain
        self._start(self.campaign)
        favourite.unlink()
        self.env.invalidate_all()
        self.assertEqual((self.campaign.domain, self.campaign.require_sync), (kept, False))

    # ------------------------------------------------------------
    # Unicity
    # ------------------------------------------------------------

    def _lose_field(self):
        """Start a campaign that is unique by a custom field, then delete that field; Ben shares Ada's value."""
        field = self.env["ir.model.fields"].create(
            {"name": "x_code", "model_id": self.model_partner.id, "ttype": "char", "field_description": "Code"}
        )
        self.addCleanup(self.registry.reset_changes)
        for contact, code in zip(self.contacts, "aabcd", strict=True):
            contact.x_code = code
        self.campaign.unique_field_id = field
        self._start(self.campaign)
        self.assertEqual(len(self.campaign.participant_ids), 4)
        self.campaign.action_stop_campaign()
        field.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.campaign.unique_field_id)

    def test_a_lost_unicity_does_not_open(self):
        self._lose_field()
        self.assertTrue(self.campaign.is_unicity_lost)
        for campaign in (self.campaign, self.campaign.copy()):
            with self.assertRaisesRegex(UserError, "Its unicity was based on the field “x_code”"):
                campaign.action_start_campaign()
        self.assertIn("“x_code”", "".join(self.campaign.get_start_preview()["problems"]))
        self.campaign.action_drop_unicity()
        self._start(self.campaign, self.later)
        self.assertEqual(len(self.campaign.participant_ids), 5, "as the user has said")

    def test_another_field_takes_the_place_of_a_lost_one(self):
        self._lose_field()
        self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "email")
        self.assertFalse(self.campaign.is_unicity_lost)
        self.contacts[1].email = self.ada.email
        self._start(self.campaign, self.later)
        self.assertEqual(len(self.campaign.participant_ids), 4)

    def test_a_company_stays_as_long_as_its_campaigns(self):
        company = self.env["res.company"].create({"name": "Short-lived"})
        self.env["marketing.campaign"].create({"name": "Theirs", "company_id": company.id})
        with self.assertRaisesRegex(UserError, "Theirs"):
            company.unlink()

    def test_a_placeholder_of_a_field_that_is_gone(self):
        self._make_template_editor()
        email = self._create_email(self.campaign, "Welcome")
        email.mass_mailing_id.write(
            {
                "subject": "For {{ object.x_gone }}",
                "body_html": '<p>See www.object.example or <t t-out="object.x_lost or object.name.upper()"/></p>',
            }
        )
        self.assertEqual(email.mass_mailing_id._get_missing_placeholders(), ["x_gone", "x_lost"])
        with self.assertRaisesRegex(UserError, "has the placeholder “object.x_gone”, but “Contact” has no such field"):
            self.campaign.action_start_campaign()

    # ------------------------------------------------------------
    # Server actions
    # ------------------------------------------------------------

    def _problems(self, **values):
        """Return what Start says of an action whose values are written past Odoo's checks, as others' deletions do."""
        with self.cr.savepoint() as savepoint:
            broken = values.pop("broken", None)
            action = self._create_server_action(name="Broken", **{"code": False, **values})
            self.act.server_action_id = action
            if broken:
                broken(action)
            self.env.flush_all()
            self.env.invalidate_all()
            with self.assertRaises(UserError) as caught:
                self.campaign.with_user(self.marketer).action_start_campaign()
            savepoint.rollback()
        self.env.invalidate_all()
        return str(caught.exception)

    def test_start_tries_what_an_action_names(self):
        def write(statement):
            return lambda action: action.env.flush_all() or action.env.cr.execute(statement, [action.id])

        hot = self.env["res.partner.category"].create({"name": "Hot"})
        template = self.env["mail.template"].create({"name": "T", "model_id": self.model_partner.id})
        lead = self.env["ir.model"]._get("mailing.contact").id
        user = self.env["res.users"].create({"name": "Gone", "login": "gone"})
        call = self.env.ref("mail.mail_activity_data_call").id
        tag = {
            "state": "object_write",
            "update_path": "category_id",
            "resource_ref": f"res.partner.category,{hot.id}",
        }
        plan = {"state": "next_activity", "activity_type_id": call}
        settings = self.env.ref("base.group_system")
        for said, values in [
            ("The record of “.*” that it takes was deleted", {**tag, "broken": lambda action: hot.unlink()}),
            (
                "The field that it updates, “x_gone”, does not exist",
                {**tag, "broken": write("UPDATE ir_act_server SET update_path = 'x_gone' WHERE id = %s")},
            ),
            (
                "It is for “Mailing Contact”, the campaign is for “Contact”",
                {**tag, "broken": write(f"UPDATE ir_act_server SET model_id = {lead} WHERE id = %s")},
            ),
            (
                f"It is for “.*{settings.name}”, which Mara Marketer does not belong to",
                {**tag, "broken": lambda action: action.write({"group_ids": [(6, 0, [settings.id])]})},
            ),
            (
                "The email template that it sends was deleted",
                {"state": "mail_post", "template_id": template.id, "broken": lambda action: template.unlink()},
            ),
            (
                "The user for whom it plans the activity is missing or archived",
                {
                    **plan,
                    "activity_user_type": "specific",
                    "activity_user_id": user.id,
                    "broken": lambda action: user.action_archive(),
                },
            ),
            (
                "The field “x_gone”, which says whom the activity is for, does not exist",
                {
                    **plan,
                    "activity_user_type": "generic",
                    "activity_user_field_name": "user_id",
                    "broken": write("UPDATE ir_act_server SET activity_user_field_name = 'x_gone' WHERE id = %s"),
                },
            ),
            (
                "The type of the activity that it plans is missing",
                {**plan, "broken": write("UPDATE ir_act_server SET activity_type_id = NULL WHERE id = %s")},
            ),
            ("It has no URL to call", {"state": "webhook"}),
            ("It has no actions to run", {"state": "multi"}),
            (
                "Its code cannot be read",
                {
                    "code": "pass",
                    "broken": write("UPDATE ir_act_server SET code = 'if record' WHERE id = %s"),
                },
            ),
            (
                "The record of “.*” that it takes was deleted",
                {
                    "state": "object_copy",
                    "crud_model_id": self.env["ir.model"]._get("res.partner.category").id,
                    "resource_ref": f"res.partner.category,{hot.id}",
                    "broken": lambda action: hot.unlink(),
                },
            ),
            ("It does not say the name of what it creates", {"state": "object_create"}),
            ("The followers that it is about are missing", {"state": "followers"}),
            (
                "“Child”: It has no URL to call",
                {
                    "state": "multi",
                    "broken": lambda action: self._create_server_action(
                        name="Child", state="webhook", code=False, parent_id=action.id
                    ),
                },
            ),
        ]:
            with self.subTest(said):
                self.assertRegex(self._problems(**values), f"“Act”, server action “Broken”: .*{said}")
