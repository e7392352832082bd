import re
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models.enrolment import marketing_campaign as marketing_campaign_enrolment
from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestEnrolment(MarketingAutomationCommon, CronMixinCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.activity = cls._create_action(cls.campaign, "Act")

    def _enrolled(self, campaign=None):
        return sorted((campaign or self.campaign).sudo().participant_ids.mapped("res_id"))

    def _create_contacts(self, count, **values):
        return self.env["res.partner"].create(
            [
                {
                    "name": f"Contact {i}",
                    "email": f"c{i}@people.example.com",
                    "category_id": self.category.ids,
                    **values,
                }
                for i in range(count)
            ]
        )

    def test_only_who_matches(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self._start(self.campaign)
        self.assertEqual(self._enrolled(), sorted(self.contacts.ids))
        self.assertNotIn(stranger.id, self._enrolled())
        participant = self._participant(self.campaign, self.contacts[0])
        self.assertEqual(
            (participant.state, participant.run, participant.source, participant.date_start),
            ("running", 1, "filter", self.start),
        )
        self.assertEqual(self.campaign.total_participant_count, 5)

    def test_who_matches_later_comes_in_once(self):
        self._start(self.campaign)
        late = self._create_contacts(1)
        for hour in (1, 2, 3):
            self._run_crons(self.start + timedelta(hours=hour), ENROLMENT_CRON)
        self.assertEqual(self._enrolled(), sorted((self.contacts + late).ids))
        self.assertEqual(self._participant(self.campaign, late).date_start, self.start + timedelta(hours=1))
        self.assertEqual(self._trace(self.activity, late).schedule_date, self.start + timedelta(hours=1))

    def test_stopped_campaign_enrols_nobody(self):
        self._start(self.campaign)
        self.campaign.action_stop_campaign()
        late = self._create_contacts(1)
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertNotIn(late.id, self._enrolled())
        self._start(self.campaign, self.start + timedelta(hours=2))
        self.assertEqual(self._enrolled(), sorted((self.contacts + late).ids), "each once, across a restart")

    def test_large_audience_in_chunks(self):
        """Start enrols a first chunk; the cron goes on, in bounded ones."""
        contacts = self._create_contacts(25)
        self.patch(marketing_campaign_enrolment, "FIRST_CHUNK", 4)
        self.patch(marketing_campaign_enrolment, "CHUNK", 7)
        with self.capture_triggers(ENROLMENT_CRON) as captured:
            self._start(self.campaign)
        self.assertEqual(len(captured.records), 1, "the rest is left to the cron")
        self.assertEqual(len(self._enrolled()), 4)
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertEqual(self._enrolled(), sorted((self.contacts + contacts).ids))

    def test_queries_do_not_grow_with_the_audience(self):
        counts = []
        for size in (9, 10, 200):  # the first round fills what the registry caches
            category = self.env["res.partner.category"].create({"name": f"Of {size}"})
            self._create_contacts(size, category_id=category.ids)
            campaign = self._create_campaign(name=f"Of {size}", domain=repr([("category_id", "in", category.ids)]))
            self._create_action(campaign, "Act")
            self.env.flush_all()
            self.env.invalidate_all()
            self.marketer._get_company_ids()  # an ormcache of Odoo's, which the new contacts clear
            before = self.cr.sql_log_count
            self._start(campaign)
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(campaign.participant_ids), size)
        self.assertEqual(counts[1], counts[2])

    # ------------------------------------------------------------
    # Unicity
    # ------------------------------------------------------------

    def _unique_campaign(self, fname, records):
        field = self.env["ir.model.fields"]._get("res.partner", fname)
        campaign = self._create_campaign(
            name=f"Unique by {fname}", unique_field_id=field.id, domain=repr([("id", "in", records.ids)])
        )
        self._create_action(campaign, "Act")
        self._start(campaign)
        return campaign

    def test_unicity_of_an_address(self):
        """Of those that share an address, however it is written, the lowest id; none is no duplicate."""
        contacts = self.env["res.partner"].create(
            [
                {"name": "1", "email": '"Zoe" <ZOE@people.example.com>'},
                {"name": "2", "email": " zoe@people.example.com "},
                {"name": "3", "email": False},
                {"name": "4", "email": ""},
                {"name": "5", "email": "yann@people.example.com"},
            ]
        )
        campaign = self._unique_campaign("email", contacts)
        self.assertEqual(self._enrolled(campaign), (contacts[0] + contacts[2:]).ids)

    def test_unicity_of_text_numbers_and_links(self):
        belgium, france = self.env.ref("base.be"), self.env.ref("base.fr")
        contacts = self.env["res.partner"].create(
            [
                {"name": "1", "ref": " Ab ", "country_id": belgium.id, "color": 3},
                {"name": "2", "ref": "aB", "country_id": belgium.id, "color": 3},
                {"name": "3", "ref": "  ", "country_id": france.id, "color": 0},
                {"name": "4", "ref": False, "country_id": False, "color": 0},
                {"name": "5", "ref": "\u00a0AB\t\n", "country_id": france.id, "color": 3},
            ]
        )
        for fname, expected in [("ref", [0, 2, 3]), ("country_id", [0, 2, 3]), ("color", [0, 2, 3])]:
            campaign = self._unique_campaign(fname, contacts)
            self.assertEqual(self._enrolled(campaign), [contacts[i].id for i in expected], fname)

    def test_value_stays_taken(self):
        """Also when the record that took it is deleted; and the filter counts before unicity does."""
        first, second = self.env["res.partner"].create([{"name": "1", "ref": "X"}, {"name": "2", "ref": "x"}])
        campaign = self._unique_campaign("ref", first + second)
        self.assertEqual(self._enrolled(campaign), first.ids)
        first.unlink()
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertEqual(campaign.participant_ids.mapped("state"), ["unlinked"])
        self.assertEqual(campaign.participant_ids.end_reason, "The record was deleted.")
        self.assertEqual(campaign.participant_ids.trace_ids.mapped("state"), ["canceled"])
        campaign.participant_ids.read()

    def test_unicity_ignores_who_is_out_of_the_filter(self):
        out, within = self.env["res.partner"].create([{"name": "1", "ref": "X"}, {"name": "2", "ref": "x"}])
        campaign = self._unique_campaign("ref", within)
        self.assertEqual(self._enrolled(campaign), within.ids)
        self.assertTrue(out.exists())

    def test_unicity_field_must_be_stored_and_alike_for_all(self):
        for fname in ("category_id", "display_name", "property_product_pricelist", "comment"):
            field = self.env["ir.model.fields"]._get("res.partner", fname)
            if field:
                with self.assertRaisesRegex(UserError, "Unicity"), self.cr.savepoint():
                    self._create_campaign(unique_field_id=field.id)

    # ------------------------------------------------------------
    # Leaving
    # ------------------------------------------------------------

    def test_who_leaves_the_filter_leaves_the_campaign(self):
        self.activity.write({"interval_number": 1, "interval_type": "days"})
        self._start(self.campaign)
        ada, ben = self.contacts[:2]
        ada.category_id = False
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self.assertEqual(self._participant(self.campaign, ada).state, "unlinked")
        self.assertEqual(self._trace(self.activity, ada).state, "canceled")
        self.assertEqual(self._participant(self.campaign, ben).state, "running")
        # seen at execution too, without an enrolment in between
        ben.category_id = False
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self.assertEqual(self._participant(self.campaign, ben).state, "unlinked")
        self.assertEqual(self._participant(self.campaign, ben).end_code, "left_filter")
        self.assertTraces(self.activity, {self.contacts[2]: "processed", ben: "canceled"})
        self.assertFalse(ben.ref)

    def test_deleted_after_it_completed(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        participant = self._participant(self.campaign, self.contacts[0])
        self.assertEqual(participant.state, "completed")
        self.contacts[0].unlink()
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertEqual((participant.state, participant.end_code), ("unlinked", "record_deleted"))

    def test_who_may_stay(self):
        self.campaign.leave_on_mismatch = False
        self.activity.write({"interval_number": 1, "interval_type": "days"})
        self._start(self.campaign)
        self.contacts[0].category_id = False
        self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
        self._run_crons(self.start + timedelta(days=1), EXECUTION_CRON)
        self.assertTraces(self.activity, dict.fromkeys(self.contacts, "processed"))

    def test_removed_by_hand(self):
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.contacts[0])
        participant.with_user(self.marketer).action_remove()
        self._run_crons(self.start, ENROLMENT_CRON, EXECUTION_CRON)
        self.assertEqual((participant.state, participant.end_code), ("unlinked", "removed_by_hand"))
        self.assertTraces(self.activity, {self.contacts[0]: "canceled", self.contacts[1]: "processed"})

    # ------------------------------------------------------------
    # By hand
    # ------------------------------------------------------------

    def test_enroll_by_hand(self):
        with self.assertRaisesRegex(UserError, "does not run"):
            self.campaign.action_enroll(self.contacts.ids)
        self._start(self.campaign)
        late = self._create_contacts(1)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        result = self.campaign.action_enroll([late.id, stranger.id, self.contacts[0].id])
        self.assertEqual(result, {"enrolled": late.ids, "left_out": sorted([stranger.id, self.contacts[0].id])})
        self.assertEqual(self._participant(self.campaign, late).source, "hand")
        self.assertEqual(self.campaign.action_enroll([]), {"enrolled": [], "left_out": []})

    # ------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------

    def test_audience_is_what_the_user_may_see(self):
        """Record rules of who started the campaign hold; the responsible changes nothing."""
        ada, *others = self.contacts
        self.env["ir.rule"].create(
            {
                "name": "Marketers do not see Ada",
                "model_id": self.model_partner.id,
                "domain_force": repr([("id", "!=", ada.id)]),
                "groups": [Command.link(self.env.ref("marketing_automation.group_marketing_automation_user").id)],
            }
        )
        self.campaign.user_id = self.env.ref("base.user_admin")
        self._start(self.campaign)
        self.assertEqual(self._enrolled(), sorted(contact.id for contact in others))
        self.assertEqual(self.campaign.run_as_id, self.marketer)

    def test_company_of_the_campaign(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.contacts[0].company_id = other
        self.contacts[1].company_id = self.env.company
        self.marketer.company_ids = [Command.link(other.id)]
        self.campaign.company_id = other
        self._start(self.campaign)
        self.assertEqual(self._enrolled(), sorted((self.contacts - self.contacts[1]).ids))

    def test_start_names_the_missing_right(self):
        user = new_test_user(
            self.env, login="narrow", groups="base.group_user,marketing_automation.group_marketing_automation_user"
        )
        self.env["ir.model.access"].search([("model_id", "=", self.model_partner.id)]).write({"perm_read": False})
        with self.assertRaisesRegex(UserError, f"{re.escape(user.name)} may not read “Contact”"):
            self.campaign.with_user(user).action_start_campaign()

    @mute_logger("odoo.addons.marketing_automation.models.runtime.loop")
    def test_campaign_of_an_archived_user_stops(self):
        self._start(self.campaign)
        self.marketer.active = False
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self.campaign.state, "stopped")
        self.assertIn("Mara Marketer", self.campaign.stop_reason)
        self.assertEqual(set(self.campaign.sudo().participant_ids.mapped("state")), {"running"}, "nobody leaves")

    def test_others_have_no_access(self):
        self._start(self.campaign)
        for groups in (
            "base.group_user",
            "base.group_portal",
            "base.group_public",
            "mass_mailing.group_mass_mailing_user",
        ):
            user = new_test_user(self.env, login=f"user of {groups}", groups=groups)
            for record in (
                self.campaign,
                self.activity,
                self.campaign.participant_ids[0],
                self.campaign.participant_ids.trace_ids[0],
            ):
                for operation in ("read", "write", "create", "unlink"):
                    self.assertFalse(record.with_user(user).has_access(operation), f"{groups} {operation} {record}")
            for action in ("action_start_campaign", "action_stop_campaign", "action_update_participants"):
                with self.assertRaises(AccessError):
                    getattr(self.campaign.with_user(user), action)()
            with self.assertRaises(AccessError):
                self.campaign.with_user(user).action_enroll(self.contacts.ids)
            with self.assertRaises(AccessError):
                self.campaign.with_user(user).participant_ids.action_remove()

    def test_marketers_forge_nothing(self):
        """Participants, traces and events are the engine's; who runs a campaign is not written."""
        self._start(self.campaign)
        participant = self.campaign.participant_ids[0].with_user(self.marketer)
        for record, values in [
            (participant, {"state": "completed"}),
            (participant.trace_ids[0], {"state": "processed"}),
        ]:
            with self.assertRaises(AccessError):
                record.write(values)
            with self.assertRaises(AccessError):
                record.unlink()
        for fname, value in [
            ("run_as_id", self.env.ref("base.user_admin").id),
            ("workflow", {}),
            ("update_job", {"after": 0}),
            ("state", "running"),
            ("tz", "UTC"),
            ("utm_campaign_id", False),
        ]:
            with self.assertRaises(AccessError), self.cr.savepoint():
                self.campaign.write({fname: value})
        with self.assertRaises(AccessError), self.cr.savepoint():
            self._create_campaign(run_as_id=self.env.ref("base.user_admin").id)

    def test_marketers_read_no_secret_of_server_actions(self):
        action = self._create_server_action(name="Hook", state="webhook", webhook_url="https://example.com/secret")
        action = action.with_user(self.marketer)
        self.assertEqual(action.read(["name", "state"])[0]["name"], "Hook")
        for fname in ("webhook_url", "code"):
            with self.assertRaises(AccessError):
                action.read([fname])
            with self.assertRaises(AccessError):
                action.search([(fname, "like", "x")])
        for operation in ("write", "create", "unlink"):
            self.assertFalse(action.has_access(operation))
        cron_action = self.env.ref(EXECUTION_CRON).ir_actions_server_id
        self.assertFalse(cron_action.with_user(self.marketer).has_access("read"))
