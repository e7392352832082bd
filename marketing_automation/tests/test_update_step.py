"""Steps that set a field: what they do, what they refuse, and to whom."""

from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import HttpCase, new_test_user, tagged

from .accounts import CONTACTS, USER
from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestUpdateStep(MarketingAutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()
        cls.ada, cls.ben, *_others = cls.contacts
        cls.vip, cls.gold = cls.env["res.partner.category"].create([{"name": "VIP"}, {"name": "Gold"}])
        cls.campaign = cls._create_campaign()
        cls.step = cls._make_step("category_id", "add", cls.vip.ids)

    @classmethod
    def _make_step(cls, field, operation, value=False, source=False, campaign=None, **values):
        return cls._create_activity(
            campaign or cls.campaign,
            "Mark",
            "update",
            "begin",
            None,
            update_field=field,
            update_operation=operation,
            update_value=value,
            update_source=source,
            **values,
        )

    def _set(self, field, operation, value=False, source=False):
        self.step.write(
            {
                "update_field": field,
                "update_operation": operation,
                "update_value": value,
                "update_source": source,
            }
        )

    def _live(self, campaign=None):
        self._start(campaign or self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)

    def _call(self, user, record, method, *args):
        return call_kw(record.browse().with_user(user), method, [record.ids, *args], {})

    def _edit(self, user, **values):
        return self._call(user, self.step, "write", values)

    # ------------------------------------------------------------
    # What it does
    # ------------------------------------------------------------

    def test_each_kind_of_field(self):
        belgium, france = self.env.ref("base.be"), self.env.ref("base.fr")
        cases = [
            ("function", "set", "Buyer", False, "Buyer"),
            ("color", "set", 4, False, 4),
            ("color", "increase", 3, False, 7),
            ("color", "decrease", 2, False, 5),
            ("color", "set", 0, False, 0),
            ("is_company", "set", True, False, True),
            ("is_company", "set", False, False, False),
            ("type", "set", "other", False, "other"),
            ("country_id", "set", belgium.id, False, belgium),
            ("country_id", "set", france.id, False, france),
            ("country_id", "clear", False, False, belgium.browse()),
            ("function", "copy", False, "email", None),
            ("function", "clear", False, False, False),
            ("category_id", "add", self.vip.ids, False, self.category | self.vip),
            ("category_id", "remove", self.category.ids, False, self.vip),
            ("category_id", "set", (self.gold | self.category).ids, False, self.gold | self.category),
            ("category_id", "clear", False, False, self.vip.browse()),
        ]
        for field, operation, value, source, expected in cases:
            with self.subTest(field=field, operation=operation, value=value):
                self.contacts.category_id |= self.category
                campaign = self._create_campaign(name=f"{field} {operation}")
                self._make_step(field, operation, value, source, campaign=campaign)
                self._live(campaign)
                self.assertEqual(set(campaign.sudo().participant_ids.trace_ids.mapped("state")), {"processed"})
                for contact in self.contacts:
                    self.assertEqual(contact[field], contact[source] if source else expected)

    def test_dates(self):
        """On a target with dates: Odoo's own contacts have none that a person sets."""
        users = self.env["ir.model"]._get("mailing.contact")
        self.assertTrue(users)
        field = self.env["ir.model.fields"].create(
            {"model_id": users.id, "name": "x_seen", "ttype": "date", "field_description": "Seen"}
        )
        people = self.env["mailing.contact"].create([{"name": "Zoe", "email": "zoe@people.example.com"}])
        for operation, value, expected in (("set", "2026-02-03", "2026-02-03"), ("now", False, "2026-06-01")):
            campaign = self._create_campaign(model_id=users.id, domain=f"[('id', 'in', {people.ids})]")
            self._make_step("x_seen", operation, value, campaign=campaign)
            self._live(campaign)
            self.assertEqual(str(people.x_seen), expected)
        with self.assertRaises(ValidationError):
            self._make_step("x_seen", "set", "2026-02-31", campaign=campaign)
        self.assertTrue(field.exists())

    def test_one_write_for_a_value(self):
        writes = []
        write = type(self.env["res.partner"]).write

        def count(records, vals):
            writes.append((len(records), dict(vals), records.env.uid, records.env.su))
            return write(records, vals)

        self.patch(type(self.env["res.partner"]), "write", count)
        self.ben.category_id |= self.vip
        writes.clear()
        self._live()
        marked = [write for write in writes if "category_id" in write[1]]
        self.assertEqual(
            marked, [(len(self.contacts) - 1, {"category_id": [(4, self.vip.id, 0)]}, self.marketer.id, False)]
        )

    def test_a_record_that_may_not_be_written_fails_alone(self):
        rule = {"name": "Not Ben", "model_id": self.model_partner.id, "perm_read": False}
        self.env["ir.rule"].create({**rule, "domain_force": f"[('id', '!=', {self.ben.id})]"})
        self._live()
        self.assertTraces(self.step, {self.ada: "processed", self.ben: "error"})
        self.assertIn("Mara Marketer may not change this record", self._trace(self.step, self.ben).state_msg)
        self.assertNotIn(self.vip, self.ben.category_id)

    def test_a_record_that_odoo_refuses_fails_alone(self):
        self.ada.parent_id = self.ben  # Ben below Ada would go round
        self._set("parent_id", "set", self.ada.id)
        self._live()
        self.assertEqual(self._trace(self.step, self.ben).state, "error")
        eve = self.contacts[-1]
        self.assertEqual((self._trace(self.step, eve).state, eve.parent_id), ("processed", self.ada))

    def test_what_answers_to_a_write_leaves_at_most_once(self):
        """A rule of Odoo's that commits when a field is written: each record has a transaction of its own."""
        seen = []
        write = type(self.env["res.partner"]).write

        def commit(records, vals):
            res = write(records, vals)
            if "category_id" in vals:
                seen.append(records.ids)
                records.env.cr.commit()
            return res

        self._start(self.campaign)
        self.patch(type(self.env["res.partner"]), "write", commit)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "processed"))
        alone = [ids for ids in seen if len(ids) == 1]
        self.assertEqual(sorted(sum(alone, [])), sorted(self.contacts.ids))

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_fields_that_no_step_sets(self):
        """Whatever a caller names: nothing that Odoo keeps, guards, or builds itself with."""
        step = self.step.with_user(self.marketer)
        offered = set(step.update_choices["fields"])
        for name in (
            *("id", "create_uid", "write_date", "display_name", "company_id", "user_ids", "child_ids", "comment"),
            *("email_normalized", "commercial_partner_id", "message_follower_ids", "message_bounce", "signup_type"),
            *("image_1920", "bank_ids", "self", "active_lang_count", "no_such_field", "__class__", "category_id.name"),
            *("partner_share", "is_blacklisted", "message_main_attachment_id", "activity_ids", "signup_token"),
        ):
            with self.subTest(name):
                self.assertNotIn(name, offered)
                with self.assertRaises(ValidationError):
                    self._edit(self.marketer, update_field=name, update_operation="set", update_value="x")
        self.assertLessEqual({"name", "category_id", "function", "country_id", "active", "user_id"}, offered)

    def test_subscriptions_are_no_field(self):
        """A list that is taken off a contact by its field would take the opt-out with it."""
        model = self.env["ir.model"]._get("mailing.contact")
        campaign = self._create_campaign(model_id=model.id, domain="[]")
        mailing_list = self.env["mailing.list"].create({"name": "Newsletter"})
        for name in ("list_ids", "subscription_ids", "opt_out", "is_blacklisted", "message_bounce"):
            with self.subTest(name), self.assertRaises(ValidationError):
                self._make_step(name, "remove", mailing_list.ids, campaign=campaign)

    def test_values_that_are_none(self):
        tag = self.vip.id
        for field, operation, value in (
            *[("category_id", "add", value) for value in (tag, [0], ["1"], [True], [2**31], [-1], [[6, 0, [tag]]])],
            *[("category_id", "add", value) for value in ("x", list(range(1, 102)), [999_999_999])],
            *[("country_id", "set", value) for value in ("be", [1], True, 999_999_999, {"id": 1}, -1)],
            *[("color", "set", value) for value in ("four", 2**31, 1.5, True, [4])],
            *[("color", "increase", value) for value in ("1; DROP", True, 2**40)],
            *[("is_company", "set", value) for value in ("yes", 2, [1])],
            *[("type", "set", value) for value in ("nothing of it", 1, ["other"])],
            *[("function", "set", value) for value in ("a\0b", "x" * 200_000, ["a"], {"a": 1}, True)],
            ("category_id", "increase", 1),
            ("function", "add", "x"),
            ("function", "now", False),
            ("is_company", "clear", False),
        ):
            with self.subTest(field=field, operation=operation, value=str(value)[:30]):
                values = {"update_field": field, "update_operation": operation, "update_value": value}
                with self.assertRaises(ValidationError):
                    self._edit(self.marketer, **values)

    def test_sources_that_are_none(self):
        for source in ("signup_type", "category_id", "no_such", "create_date", "email.id", "color"):
            with self.subTest(source), self.assertRaises(ValidationError):
                self._edit(self.marketer, update_field="function", update_operation="copy", update_source=source)
        self.patch(self.env.registry["res.partner"]._fields["ref"], "groups", "base.group_system")
        with self.assertRaisesRegex(ValidationError, "that you may read"):
            self._edit(self.marketer, update_field="function", update_operation="copy", update_source="ref")

    def test_a_field_of_others(self):
        """With groups that the user lacks: refused when it is chosen, at Start, and while it runs."""
        self._set("ref", "set", "A")
        self.patch(self.env.registry["res.partner"]._fields["ref"], "groups", "base.group_system")
        with self.assertRaisesRegex(ValidationError, "may not write the field"):
            self._edit(self.marketer, update_field="ref", update_value="B")
        self.assertNotIn("ref", self.step.with_user(self.marketer).update_choices["fields"])
        with self.assertRaisesRegex(UserError, "may not write the field"):
            self.campaign.action_start_campaign()

    def test_a_user_who_may_not_write_the_target(self):
        plain = new_test_user(self.env, login="plain", name="Pia Plain", groups=USER)
        campaign = self.campaign.with_user(plain)
        self.assertEqual(campaign.copy().marketing_activity_ids.update_value, self.vip.ids)
        self.assertIn("Pia Plain may not change", self.step.with_user(plain).update_problem)
        with self.assertRaisesRegex(ValidationError, "Pia Plain may not change"):
            self._edit(plain, update_value=self.gold.ids)
        with self.assertRaisesRegex(UserError, "Pia Plain may not change"):
            campaign.action_start_campaign()

    def test_records_that_the_user_may_not_see(self):
        rule = {"name": "No VIP", "model_id": self.env["ir.model"]._get_id("res.partner.category")}
        self.env["ir.rule"].create({**rule, "domain_force": f"[('id', '!=', {self.vip.id})]"})
        with self.assertRaisesRegex(ValidationError, "that you may not see"):
            self._edit(self.marketer, update_value=(self.gold | self.vip).ids)
        self.assertIn("(hidden or deleted)", self.step.with_user(self.marketer).sentence)
        self.assertNotIn("VIP", self.step.with_user(self.marketer).sentence)

    def test_what_is_lacking(self):
        for values, words in (
            ({"update_field": False}, "lacks Field"),
            ({"update_value": False}, "has no value yet"),
            ({"update_field": "function", "update_operation": "copy"}, "from which field"),
        ):
            with self.subTest(words):
                step = self._make_step("category_id", "add", self.vip.ids)
                step.write({"update_value": False, **values} if "update_value" not in values else values)
                self.assertIn(words, "\n".join(step._get_start_errors()))
                step.unlink()

    # ------------------------------------------------------------
    # While it runs
    # ------------------------------------------------------------

    def test_what_it_names_is_deleted(self):
        self.step.write({"interval_number": 2, "interval_type": "days"})
        self._live()
        self.vip.unlink()
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "scheduled"))
        self.assertIn("was deleted", "\n".join(self.campaign.sudo()._get_waiting_changes()))
        with self.assertRaisesRegex(UserError, "was deleted"):
            self.campaign.action_update_participants()
        self.step.update_value = self.gold.ids
        with self._at(self.start + timedelta(days=2)):
            self.campaign.action_update_participants()
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "processed"))
        self.assertIn(self.gold, self.ada.category_id)

    def test_its_user_loses_the_right(self):
        """Nobody's step ends with an error that an administrator mends in a minute."""
        self.step.write({"interval_number": 2, "interval_type": "days"})
        self._live()
        self.marketer.group_ids -= self.env.ref(CONTACTS)
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "scheduled"))
        self.marketer.group_ids += self.env.ref(CONTACTS)
        self._run_crons(self.start + timedelta(days=2, minutes=2), EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "processed"))

    def test_an_edit_waits_for_the_update(self):
        self.step.write({"interval_number": 2, "interval_type": "days"})
        self._live()
        self.step.update_value = self.gold.ids
        self.assertTrue(self.campaign.require_sync)
        self.assertEqual(
            self.campaign.with_user(self.marketer).get_update_preview()["changes"],
            ["“Mark” was changed. Before: add “VIP” to “Tags”. Now: add “Gold” to “Tags”."],
        )
        self._run_crons(self.start + timedelta(days=2), EXECUTION_CRON)
        self.assertEqual(self.ada.category_id, self.category | self.vip)

    def test_a_test_of_the_campaign(self):
        values = {"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            test.trace_ids.action_run_test()
        self.assertEqual(test.trace_ids.state, "processed")
        self.assertIn(self.vip, self.ada.category_id)

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def test_a_form_in_french(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        activities = self.env["marketing.activity"].with_user(self.marketer).with_context(lang="fr_FR")
        arch = activities.get_view(view_type="form")["arch"]
        self.assertNotIn("Choose a field", arch)
        self.assertNotIn("have opted out", arch)
        self.assertIn("Choisissez un champ", arch)

    def test_words(self):
        self.assertEqual(self.step.sentence, "As soon as a record enters the campaign: add “VIP” to “Tags”.")
        [card] = self.campaign.with_user(self.marketer).get_workflow_cards()["cards"]
        self.assertEqual(card["does"], "Add “VIP” to “Tags”")
        for values, words in (
            (("country_id", "set", self.env.ref("base.be").id), "set “Country” to “Belgium”"),
            (("type", "set", "other"), "set “Address Type” to “Other”"),
            (("is_company", "set", False), "set “Is a Company” to No"),
            (("color", "increase", 2), "increase “Color Index” by 2"),
            (("function", "copy", False, "email"), "set “Job Position” to what “Email” says"),
            (("function", "clear"), "empty “Job Position”"),
            (("category_id", "remove", self.vip.ids), "remove “VIP” from “Tags”"),
        ):
            with self.subTest(words):
                self._set(*values)
                self.assertIn(words, self.step.sentence)


@tagged("post_install", "-at_install")
class TestUpdateStepForm(MarketingAutomationCommon, HttpCase):
    def test_form(self):
        """A marketer chooses a field among those that may be set, and its value as fits the field."""
        self._let_marketer_edit_contacts()
        vip = self.env["res.partner.category"].create({"name": "Tour VIP"})
        step = self._create_activity(self._create_campaign(), "Mark", "update", "begin", None)
        self.start_tour(f"/odoo/marketing.activity/{step.id}", "marketing_automation_set_field", login="marketer")
        self.assertEqual((step.update_field, step.update_operation, step.update_value), ("category_id", "add", vip.ids))
