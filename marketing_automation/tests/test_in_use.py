from unittest.mock import patch

from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketing_automation.upgrade_links import part_shared_sources

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestInUse(MarketingAutomationCommon):
    """What belongs to a campaign among records of Odoo's: sources, UTM campaigns, lists, companies, users."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailer = new_test_user(cls.env, "mailer", groups="mass_mailing.group_mass_mailing_user")
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.template = cls.email.mass_mailing_id

    def _refuse(self, user, model, method, *args, **kwargs):
        with (
            mute_logger("odoo.addons.base.models", "odoo.sql_db"),
            self.assertRaisesRegex((AccessError, UserError), r"\w+ \w+ \w+") as caught,
            self.cr.savepoint(),
        ):
            call_kw(self.env[model].with_user(user), method, args, kwargs)
            self.env.flush_all()
        return str(caught.exception)

    def test_a_message_of_the_composer(self):
        values = {
            "composition_mode": "mass_mail",
            "model": "res.partner",
            "res_ids": str(self.contacts[:1].ids),
            "subject": "Forged",
            "body": "<p>Forged</p>",
            "mass_mailing_id": self.template.id,
        }
        composer = self.env["mail.compose.message"].with_user(self.mailer).create(values)
        before = self.template.mailing_trace_ids
        error = self._refuse(self.mailer, "mail.compose.message", "action_send_mail", composer.ids)
        self.assertIn("Welcome", error)
        self.env.invalidate_all()
        self.assertEqual(self.template.mailing_trace_ids, before)

    def test_from_the_side_of_a_list(self):
        lists = self.env["mailing.list"].create({"name": "News"})
        self._refuse(self.mailer, "mailing.list", "create", [{"name": "Mine", "mailing_ids": [(4, self.template.id)]}])
        self._refuse(
            self.mailer,
            "mailing.list",
            "create",
            [{"name": "Mine"}],
            context={"default_mailing_ids": [(4, self.template.id)]},
        )
        self._refuse(self.mailer, "mailing.list", "write", lists.ids, {"mailing_ids": [(4, self.template.id)]})
        lists.mailing_ids = self.template
        self._refuse(self.mailer, "mailing.list", "write", lists.ids, {"mailing_ids": [(5,)]})
        lists.with_user(self.mailer).name = "Renamed"
        self.assertEqual(lists.mailing_ids, self.template)

    def test_a_list_that_a_filter_of_a_running_campaign_names(self):
        """It would take everybody out. A campaign that does not run is told so at Start."""
        news, later, other = self.env["mailing.list"].create([{"name": "News"}, {"name": "Later"}, {"name": "Other"}])
        campaign = self._create_campaign(
            name="To the list",
            model_id=self.env["ir.model"]._get("mailing.contact").id,
            domain=repr([("list_ids", "in", news.ids)]),
        )
        self._create_action(campaign, "Act", activity_domain=repr([("list_ids", "in", later.ids)]))
        self._start(campaign)
        for record in (news, later):
            error = self._refuse(self.marketer, "mailing.list", "unlink", record.ids)
            self.assertRegex(error, f"“{record.name}”.*“To the list”")
            self.assertNotIn(
                "To the list", self._refuse(self.mailer, "mailing.list", "unlink", record.ids), "not theirs"
            )
        campaign.domain = repr([("list_ids", "in", other.ids)])  # what still runs counts, and what is being written
        for record in (news, other):
            self.assertIn("To the list", self._refuse(self.marketer, "mailing.list", "unlink", record.ids))
        campaign.action_stop_campaign()
        (news + later + other).with_user(self.mailer).unlink()

    def test_the_source_of_a_template(self):
        source = self.template.source_id
        values = {"subject": "Thief", "mailing_model_id": self.model_partner.id}
        self._refuse(self.mailer, "mailing.mailing", "create", [{**values, "source_id": source.id}])
        mailing = self.env["mailing.mailing"].with_user(self.mailer).create(values)
        self._refuse(self.mailer, "mailing.mailing", "write", mailing.ids, {"source_id": source.id})
        self.assertNotEqual(mailing.source_id, source)

    def test_a_source_that_was_taken_before(self):
        """The upgrade gives others one of their own."""
        source = self.template.source_id
        values = {"subject": "Thief", "mailing_model_id": self.model_partner.id, "source_id": source.id}
        thief, honest = self.env["mailing.mailing"].create([values, {**values, "source_id": False}])
        self.assertEqual(part_shared_sources(self.env), thief)
        self.assertEqual(self.template.source_id, source)
        self.assertEqual(len((self.template + thief + honest).source_id), 3)
        self.assertFalse(part_shared_sources(self.env))

    def test_names_that_tell_campaigns_apart(self):
        utm_campaign, source = self.campaign.utm_campaign_id, self.template.source_id
        for vals in ({"title": "Forged"}, {"name": "forged"}, {"active": False}, {"is_auto_campaign": False}):
            self._refuse(self.mailer, "utm.campaign", "write", utm_campaign.ids, vals)
        self._refuse(self.mailer, "utm.source", "write", source.ids, {"name": "Forged"})
        utm_campaign.with_user(self.mailer).color = 3
        utm_campaign.with_user(self.marketer).title = "Theirs"
        source.with_user(self.marketer).name = "Theirs"
        self.assertEqual((utm_campaign.title, source.name), ("Theirs", "Theirs"))

    def test_what_campaigns_cannot_do_without(self):
        """A sentence that names the campaign, whichever code PostgreSQL gives a broken reference."""
        admin = self.env.ref("base.user_admin")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        runner = new_test_user(self.env, "elsewhere", groups="marketing_automation.group_marketing_automation_user")
        other = self._create_campaign(name="Of another company")
        hours = self.env["resource.calendar"].create({"name": "Mornings", "company_id": False})
        other.sudo().write({"company_id": company.id, "run_as_id": runner.id, "sending_calendar_id": hours.id})
        admin.company_ids += company
        for record in (self.campaign.utm_campaign_id, company, runner, hours, self.template):
            error = self._refuse(admin, record._name, "unlink", record.ids)
            self.assertRegex(error, "the campaign “")
            self.assertNotIn("violates", error)

    def test_each_restriction_is_told_in_words(self):
        """A new reference that PostgreSQL guards needs its sentence, and a line above."""
        guarded = {
            f"{model}.{name}"
            for model in ("marketing.campaign", "marketing.activity", "marketing.participant", "marketing.trace")
            for name, field in self.env[model]._fields.items()
            if field.type == "many2one" and field.store and field.ondelete == "restrict"
        }
        told = {"company_id", "run_as_id", "sending_calendar_id", "utm_campaign_id"}
        self.assertEqual(
            guarded,
            {f"marketing.campaign.{name}" for name in told}
            | {"marketing.activity.mass_mailing_id", "marketing.activity.server_action_id"},
        )

    def test_somebody_else_works_on_it(self):
        self._create_action(self.campaign, "Fail", "begin", False, code="raise UserError('No ink')")
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        error = self.env["marketing.trace"].search([("state", "=", "error")], limit=1)
        participants = type(self.env["marketing.participant"])
        with (
            patch.object(participants, "lock_for_update", side_effect=LockError("Cannot grab a lock on records")),
            self.assertRaisesRegex(LockError, "try again in a moment"),
        ):
            error.with_user(self.marketer).action_retry()

    def test_company_of_a_new_campaign(self):
        """That of the user where there are several; nobody else sees the field."""
        campaigns = self.env["marketing.campaign"].with_user(self.marketer)
        self.assertFalse(campaigns.create({"name": "One"}).company_id)
        self.marketer.group_ids += self.env.ref("base.group_multi_company")
        self.assertEqual(campaigns.create({"name": "Several"}).company_id, self.env.company)
        self.assertFalse(campaigns.create({"name": "All", "company_id": False}).company_id)

    def test_unicity_of_a_plain_marketer(self):
        """By group Marketing Automation / User alone, who may not read how Odoo's fields are made."""
        self.assertFalse(self.env["ir.model.fields"].with_user(self.marketer).has_access("read"))
        email = self.env["ir.model.fields"]._get("res.partner", "email")
        with Form(self.campaign.with_user(self.marketer)) as form:
            form.unique_by = "email"
        self.assertEqual((self.campaign.unique_field_id, self.campaign.unique_by), (email, "email"))
        self.campaign.with_user(self.marketer).unique_by = False
        self.assertFalse(self.campaign.unique_field_id)
        for name in ("nothing", "category_id", "email.x", "contact_address"):
            with self.assertRaises(ValidationError):
                self.campaign.with_user(self.marketer).unique_by = name

    def test_time_limit_of_actions(self):
        settings = self.env["res.config.settings"]
        for seconds in (-5, 0, 99_999):
            with self.assertRaisesRegex(ValidationError, "1 to 3600"):
                settings.create({"marketing_automation_action_time_limit": seconds}).execute()
        settings.create({"marketing_automation_action_time_limit": 90}).execute()
        kept = self.env["ir.config_parameter"].get_param("marketing_automation.action_time_limit")
        self.assertEqual(kept, "90")
