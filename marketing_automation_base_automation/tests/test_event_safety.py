"""Events cost who saves one INSERT, and never a save; what is gone is said, and nobody inside is touched."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.marketing_automation.tests.accounts import CONTACTS

from ..engine.event_kinds import Happening
from .test_events import EventCommon

LOGGER = "odoo.addons.marketing_automation_base_automation.models.watches"


@tagged("post_install", "-at_install")
class TestEventSafety(EventCommon):
    def _requests(self):
        return self.env["marketing.entry.request"].search([])

    def _count(self, do):
        """Return how many queries something takes, and how many of them ask a campaign."""
        self.env.flush_all()
        self.env.invalidate_all()
        queries = []
        execute = type(self.cr).execute

        def note(cr, query, *args, **options):
            queries.append(query.code if hasattr(query, "code") else str(query))
            return execute(cr, query, *args, **options)

        with patch.object(type(self.cr), "execute", note):
            do()
            self.env.flush_all()
        return len(queries), sum("INSERT INTO marketing_entry_request" in query for query in queries)

    # ------------------------------------------------------------
    # What it costs
    # ------------------------------------------------------------

    def test_what_fires_nothing_costs_no_query(self):
        def save():
            self.contacts.write({"function": "Boss"})

        save()
        without, _told = self._count(save)
        self._create_entry("changed", event_field="is_company")
        self._start(self.campaign)
        save()  # the cache of what is waited for
        self.assertEqual(self._count(save), (without, 0))

    def test_an_import_costs_one_insert(self):
        rows = [[f"P{number}", f"p{number}@people.example.com"] for number in range(300)]

        def load():
            self.assertTrue(self.env["res.partner"].load(["name", "email"], rows)["ids"])

        load()
        without, _told = self._count(load)
        self._create_entry("created")
        self._create_entry("tag")
        self._create_entry("assigned")
        self._start(self.campaign)
        load()
        self._requests().unlink()
        queries, told = self._count(load)
        self.assertEqual(told, 1)
        self.assertLessEqual(queries, without + 4)
        self.assertEqual(len(self._requests()), 300)

    def test_what_happens_twice_in_a_transaction_is_one_event(self):
        self._create_entry("changed", event_field="is_company")
        self._start(self.campaign)
        for is_company in (True, False, True):
            self.ada.is_company = is_company
        self.assertEqual(self._requests().mapped("res_id"), self.ada.ids)

    def test_what_is_undone_has_not_happened(self):
        self._create_entry("changed", event_field="is_company")
        self._start(self.campaign)
        with self.cr.savepoint() as savepoint:
            self.ada.is_company = True
            self.env.flush_all()
            savepoint.rollback()
        self.assertFalse(self._requests())
        self.env.invalidate_all()
        self.ada.is_company = True
        self.assertEqual(self._inside(), self.ada)

    # ------------------------------------------------------------
    # Nobody's save fails
    # ------------------------------------------------------------

    def test_nobodys_save_fails(self):
        self._create_entry("changed", event_field="is_company")
        self._create_entry("created")
        self._start(self.campaign)
        with patch.object(Happening, "is_seen", side_effect=ZeroDivisionError), mute_logger(LOGGER):
            self.ada.with_user(self.clerk).is_company = True
            self.env["res.partner"].with_user(self.clerk).create({"name": "New", "is_company": True})
        self.env.flush_all()
        self.assertTrue(self.ada.is_company)

    def test_an_entry_whose_kind_fails_is_not_waited_for(self):
        self._create_entry("created")
        self._start(self.campaign)
        entries = type(self.env["marketing.entry"])
        self.env["marketing.entry"]._clear_watches()
        with patch.object(entries, "_get_ways", side_effect=ZeroDivisionError), mute_logger(LOGGER):
            self.env["res.partner"].create({"name": "New", "email": "new@people.example.com"})
        self.env.flush_all()
        self.assertFalse(self._requests())
        self.env["marketing.entry"]._clear_watches()

    # ------------------------------------------------------------
    # Campaigns that go round
    # ------------------------------------------------------------

    def test_a_circle_by_events_is_named(self):
        """Which campaigns bring people into one another, and by which of their steps; values that do not meet, none."""
        self.marketer.group_ids += self.env.ref(CONTACTS)
        tags = self.env["res.partner.category"].create([{"name": "Fan"}, {"name": "Lost"}])
        mailing_list = self.env["mailing.list"].create({"name": "News"})
        self.campaign.write({"name": "Fans", "reentry": "restart"})
        other = self._create_campaign(name="Lost Ones", reentry="restart", entry_ids=[])
        self._create_entry("tag", event_to=tags[0].ids)
        entry = self._create_entry("tag", other, event_to=tags[1].ids)
        lose, like = [
            self._create_activity(
                campaign, name, "update", "begin", None, update_field="category_id", update_operation="add"
            )
            for campaign, name in ((self.campaign, "Lose"), (other, "Like"))
        ]
        lose.update_value, like.update_value = tags[1].ids, tags[0].ids
        self.assertIn("go round: “Fans” by “Lose”, “Lost Ones” by “Like”.", self.campaign.warning_text)
        lose.update_value = tags[0].ids
        self.assertIn("The step “Lose” of this campaign brings its participants into it", self.campaign.warning_text)
        self.assertNotIn("go round", other.warning_text or "")
        entry.write({"event_kind": "subscription", "event_list_id": mailing_list.id, "event_to": False})
        values = {"list_operation": "on", "mailing_list_id": mailing_list.id}
        self._create_activity(self.campaign, "Subscribe", "list", "begin", None, **values)
        self.assertIn("“Lost Ones” by “Like”, “Fans” by “Subscribe”.", other.warning_text)
        entry.write({"event_kind": "assigned", "event_list_id": False})
        self._create_activity(self.campaign, "Assign", "assign", "begin", None, person_ids=self.marketer.ids)
        self.assertIn("“Lost Ones” by “Like”, “Fans” by “Assign”.", other.warning_text)
        entry.write({"event_kind": "changed", "event_field": "ref"})
        action = self._create_server_action(name="Mark", state="object_write", code=False, update_path="ref", value="x")
        self._create_activity(self.campaign, "Mark", "action", "begin", None, server_action_id=action.id)
        self.assertIn("“Lost Ones” by “Like”, “Fans” by “Mark”.", other.warning_text)
        entry.write({"event_kind": "created", "event_field": False})
        action.write({"state": "object_create", "crud_model_id": self.model_partner.id})
        self.assertIn("“Lost Ones” by “Like”, “Fans” by “Mark”.", other.warning_text)

    # ------------------------------------------------------------
    # What is gone
    # ------------------------------------------------------------

    def test_a_value_that_is_deleted(self):
        tag = self.env["res.partner.category"].create({"name": "Fan"})
        entry = self._create_entry("tag", event_to=tag.ids)
        self._start(self.campaign)
        self.ada.category_id += tag
        self.assertEqual(self._inside(), self.ada)
        tag.unlink()
        entry.invalidate_recordset()
        self.assertRegex(entry.problem, "deleted")
        self.assertIn(entry.problem, self.campaign._find_entry_warnings())
        self.assertEqual(self._inside(), self.ada)
        self.assertEqual(self.campaign.state, "running")

    def test_a_field_that_is_removed(self):
        field = self.env["ir.model.fields"].create(
            {
                "name": "x_mood",
                "model_id": self.model_partner.id,
                "ttype": "boolean",
                "field_description": "Mood",
            }
        )
        entry = self._create_entry("changed", event_field="x_mood")
        self._start(self.campaign)
        self.ada["x_mood"] = True
        self.assertEqual(self._inside(), self.ada)
        field.unlink()
        entry.invalidate_recordset()
        self.assertRegex(entry.problem, "no field")
        self.ben.name = "Ben"
        self.assertEqual(self._inside(), self.ada)

    def test_a_path_that_leads_nowhere_and_an_app_that_is_gone(self):
        entry = self._create_entry("created", event_link="res.partner:parent_id.nothing")
        self.assertRegex(entry.problem, "does not lead")
        entry.event_link = "no.model:partner_id"
        self.assertRegex(entry.problem, "no longer there")
        entry.write({"event_link": False, "event_kind": "nothing_known"})
        self.assertRegex(entry.problem, "was uninstalled")
        with self.assertRaisesRegex(UserError, "was uninstalled"):
            self._start(self.campaign)

    # ------------------------------------------------------------
    # What callers hand over
    # ------------------------------------------------------------

    def test_what_callers_hand_over(self):
        """By RPC: what nobody can mean is refused, what may not be watched keeps the campaign from starting."""
        entry = self._create_entry("created")
        records = entry.with_user(self.marketer)
        hostile = [
            {"event_kind": "created__class__()"},
            {"event_link": "res.partner:parent_id; DROP"},
            {"event_field": "a.b"},
            {"event_from": {"a": 1}},
            {"event_to": [[1]]},
            {"event_to": list(range(1000))},
            {"event_domain": "env['res.users'].search([])"},
            {"event_domain": "__import__('os')"},
        ]
        for values in hostile:
            with self.assertRaises(ValidationError, msg=values), self.cr.savepoint():
                call_kw(records, "write", [entry.ids, values], {})
        for values, words in [
            ({"event_link": "res.users:partner_id"}, "no longer there"),
            ({"event_link": "ir.model:id"}, "no longer there"),
            ({"event_kind": "changed", "event_field": "signup_type"}, "no field"),
            ({"event_kind": "changed", "event_field": "create_uid"}, "no field"),
        ]:
            call_kw(records, "write", [entry.ids, {"event_link": False, **values}], {})
            self.assertRegex(entry.problem, words)
            with self.assertRaises(UserError), self.cr.savepoint():
                self._start(self.campaign)

    def test_what_the_campaigns_user_may_not_read(self):
        entry = self._create_entry("created", event_link="res.partner.bank:partner_id")
        self.env["ir.model.access"].search([("model_id.model", "=", "res.partner.bank")]).write({"perm_read": False})
        entry.invalidate_recordset()
        self.assertRegex(entry.problem, "may not read")
        offered = [link for link, _label in entry.event_choices["links"]]
        self.assertNotIn("res.partner.bank:partner_id", offered)
        self.assertIn("res.partner:parent_id", offered)

    def test_employees_ask_for_nothing(self):
        request = self.env["marketing.entry.request"].with_user(self.clerk)
        with self.assertRaises(AccessError):
            call_kw(request, "request_events", ["res.partner", [[self.campaign.id, 1, 1]]], {})
        values = {"campaign_id": self.campaign.id, "entry_type": "event", "event_kind": "created"}
        with self.assertRaises(AccessError):
            call_kw(self.env["marketing.entry"].with_user(self.clerk), "create", [[values]], {})
