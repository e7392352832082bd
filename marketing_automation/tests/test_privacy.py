from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon

MIGRATION = Path(__file__).parents[1] / "migrations" / "19.0.1.0.1" / "post-unicity-keys.py"


@tagged("post_install", "-at_install")
class TestPrivacy(MarketingAutomationCommon):
    """What identifies a person goes with their record; a hash keeps the work of the unicity key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.email_field = cls.env["ir.model.fields"]._get("res.partner", "email")
        cls.campaign, cls.second = (
            cls._create_campaign(name=name, unique_field_id=cls.email_field.id) for name in ("First", "Second")
        )
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls._create_action(cls.second, "Fail", code="raise UserError(record.email)")

    def _run_both(self):
        for campaign in (self.campaign, self.second):
            self._start(campaign)
        self._run_crons(self.start)
        trace = self._trace(self.email, self.ada)
        self.env["marketing.trace.event"].sudo().record_events("click", trace.ids, "confirmed from 192.0.2.1")

    def _columns_with(self, *words):
        """Return the columns of our tables that hold one of these words, whatever their type."""
        self.env.flush_all()
        self.cr.execute(
            """SELECT table_name, column_name FROM information_schema.columns
                WHERE table_schema = current_schema AND table_name LIKE 'marketing_%'"""
        )
        found = []
        for table, column in self.cr.fetchall():
            for word in words:
                self.cr.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}"::text ILIKE %s', [f"%{word}%"])
                if self.cr.fetchone()[0]:
                    found.append(f"{table}.{column}: {word}")
        return found

    def test_odoo_erases_a_person(self):
        """By Privacy Lookup, from the name and the address; also where the campaign is stopped."""
        self._run_both()
        self.second.action_stop_campaign()
        self.assertTrue(self._columns_with("ada@people"))
        self.assertTrue(self._columns_with("192.0.2.1"))
        wizard = self.env["privacy.lookup.wizard"].create({"name": self.ada.name, "email": self.ada.email})
        wizard.action_lookup()
        wizard.line_ids.filtered(lambda line: line.res_model == "mailing.trace").action_unlink_all()
        wizard.line_ids.filtered(
            lambda line: (line.res_model, line.res_id) == ("res.partner", self.ada.id)
        ).action_unlink()
        self.assertFalse(self._columns_with("ada@people", "192.0.2.1"))
        click = self.email.sudo().trace_ids.event_ids.filtered(lambda event: event.event == "click")
        self.assertEqual((click.source, bool(click.date)), ("confirmed", True), "that and when, not where")

    def test_a_value_once_enrolled_stays_taken(self):
        self._run_both()
        address, name = self.ada.email, self.ada.name
        self.ada.unlink()
        again = self.env["res.partner"].create(
            {"name": name, "email": address.upper(), "category_id": [(4, self.category.id)]}
        )
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertFalse(self._participant(self.campaign, again))

    def test_records_that_go_without_a_word(self):
        """A cascade of the database calls no method: the next enrolment forgets."""
        self._run_both()
        self.env.flush_all()
        self.cr.execute("DELETE FROM res_partner WHERE id = %s", self.ada.ids)
        self.env.invalidate_all()
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertFalse(self._columns_with("ada@people", "192.0.2.1"))

    def test_the_key_is_of_one_campaign_alone(self):
        self._run_both()
        keys = [self._participant(campaign, self.ada).sudo().unicity_key for campaign in (self.campaign, self.second)]
        self.assertEqual([len(key) for key in keys], [32, 32])
        self.assertNotEqual(*keys)
        participant = self._participant(self.campaign, self.ada)
        for records, fname in ((participant, "unicity_key"), (self.campaign, "unicity_salt")):
            with self.assertRaises(AccessError):
                call_kw(self.env[records._name].with_user(self.marketer), "read", [records.ids, [fname]], {})

    def test_update_to_another_field(self):
        self._start(self.campaign)
        key = self._participant(self.campaign, self.ada).unicity_key
        self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "name")
        self.campaign.action_update_participants()
        changed = self._participant(self.campaign, self.ada).unicity_key
        self.assertEqual(len(changed), 32)
        self.assertNotEqual(changed, key)

    def test_upgrade_of_keys_in_clear(self):
        """Who is inside is known by the hash: nobody enters a second time."""
        self._run_both()
        self.env.flush_all()
        self.cr.execute(
            "UPDATE marketing_participant SET unicity_key = 'ada@people.example.com' WHERE res_id = %s", self.ada.ids
        )
        self.cr.execute("UPDATE marketing_campaign SET unicity_salt = 'the same'")
        self.env.invalidate_all()
        self._run_migration()
        self.assertNotEqual(self.campaign.sudo().unicity_salt, self.second.sudo().unicity_salt)
        self.cr.execute("SELECT id FROM marketing_participant WHERE unicity_key LIKE '%@%'")
        self.assertFalse(self.cr.fetchall())
        twin = self.env["res.partner"].create(
            {"name": "Twin", "email": self.ada.email, "category_id": [(4, self.category.id)]}
        )
        self._run_crons(self.start, ENROLMENT_CRON)
        self.assertFalse(self._participant(self.campaign, twin))

    def _run_migration(self):
        spec = spec_from_file_location("post_unicity_keys", MIGRATION)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        module.migrate(self.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_deleting_is_one_query_more(self):
        """However many records go, of whatever model with a chatter."""
        self._run_both()
        self._run_crons(self.start, EXECUTION_CRON)
        statements = []
        execute = type(self.cr).execute

        def note(cursor, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        people = self.env["res.partner"].create([{"name": f"P{number}"} for number in range(20)])
        self.patch(type(self.cr), "execute", note)
        people.unlink()
        self.assertEqual(len([statement for statement in statements if "FROM marketing_participant" in statement]), 1)
