from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged

from .common import MarketingAutomationCommon

CAMPAIGN = "marketing.campaign"


@tagged("post_install", "-at_install")
class TestEngineFields(MarketingAutomationCommon):
    """What only the engine may set, by every door; and that nobody writes a record to where they have no rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.admin = cls.env.ref("base.user_admin")
        cls.other_company = cls.env["res.company"].create({"name": "Secret Holdings"})
        cls.stranger = new_test_user(
            cls.env,
            login="alien",
            groups="marketing_automation.group_marketing_automation_user",
            company_id=cls.other_company.id,
            company_ids=[(6, 0, cls.other_company.ids)],
        )
        cls.their_campaign = (
            cls.env[CAMPAIGN].with_user(cls.stranger).create({"name": "Takeover", "company_id": cls.other_company.id})
        )
        cls.their_activity = (
            cls.env["marketing.activity"]
            .with_user(cls.stranger)
            .create({"name": "Buy", "campaign_id": cls.their_campaign.id, "activity_type": "action"})
        )

    def _call(self, model, method, *args, **kwargs):
        return call_kw(self.env[model].with_user(self.marketer), method, list(args), kwargs)

    def _refuse(self, model, method, *args, error=AccessError, **kwargs):
        with self.assertRaises(error, msg=f"{method} {args} {kwargs}") as caught, self.cr.savepoint():
            self._call(model, method, *args, **kwargs)
            self.env.flush_all()
        self.assertNotIn("Takeover", str(caught.exception))
        return str(caught.exception)

    def test_defaults_of_the_context(self):
        """Row 1: whatever makes a campaign, `default_…` gives it no runner, state or workflow."""
        values = {"name": "Forged"}
        for name, value in [
            ("run_as_id", self.admin.id),
            ("state", "running"),
            ("workflow", {"steps": []}),
            ("model_name", "res.users"),
            ("tz", "UTC"),
        ]:
            context = {f"default_{name}": value}
            self._refuse(CAMPAIGN, "create", [values], context=context)
            self._refuse(CAMPAIGN, "web_save", [], values, {}, context=context)
            self._refuse(CAMPAIGN, "name_create", "Forged", context=context)
            self._refuse(CAMPAIGN, "copy", self.campaign.ids, context=context)
            self._refuse(CAMPAIGN, "copy", self.campaign.ids, {name: value})
            self._refuse(CAMPAIGN, "write", self.campaign.ids, {name: value})
            self._refuse(CAMPAIGN, "web_save", self.campaign.ids, {name: value}, {})
            result = self._call(CAMPAIGN, "load", ["name"], [["Forged"]], context=context)
            self.assertFalse(result["ids"], name)
        self.assertFalse(self.env[CAMPAIGN].search([("name", "like", "Forged")]))

    def test_defaults_that_users_keep(self):
        """Every employee may have defaults of their own, for any field."""
        for name, value in [("run_as_id", self.admin.id), ("state", "running"), ("model_name", "res.users")]:
            self._call("ir.default", "set", CAMPAIGN, name, value, True)
        [campaign_id] = self._call(CAMPAIGN, "create", [{"name": "Innocent"}])
        campaign = self.env[CAMPAIGN].browse(campaign_id)
        self.assertEqual((campaign.run_as_id.id, campaign.state, campaign.model_name), (False, "draft", "res.partner"))

    def test_target_of_what_runs(self):
        """Row 2: a stored computed field is no door either; what its field depends on is computed as ever."""
        self._start(self.campaign)
        self._refuse(CAMPAIGN, "write", self.campaign.ids, {"model_name": "res.users"})
        self._refuse("marketing.activity", "write", self.email.ids, {"model_name": "res.users"})
        self.assertEqual(self.campaign.model_name, "res.partner")
        with Form(self.env[CAMPAIGN].with_user(self.marketer)) as form:
            form.name = "On mailing contacts"
            form.model_id = self.env["ir.model"]._get("mailing.contact")
        self.assertEqual(form.record.model_name, "mailing.contact")

    def test_a_form_that_lies(self):
        """What is not saved is computed from what is, as far as it is the engine's."""
        lies = {"state": "running", "run_as_id": self.admin.id, "workflow": {"steps": []}, "model_name": "res.users"}
        spec = {name: {} for name in ("state", "run_as_id", "model_name", "require_sync")}
        result = self._call(CAMPAIGN, "onchange", self.campaign.ids, lies, list(lies), spec)
        self.assertFalse(set(result["value"]) - set(lies))
        self.assertEqual(result["value"].get("state", "draft"), "draft")
        self.assertFalse(result["value"].get("run_as_id"))
        self.assertEqual(result["value"].get("model_name", "res.partner"), "res.partner")
        result = self._call(CAMPAIGN, "onchange", [], {"name": "New", **lies}, [], spec)
        self.assertEqual(result["value"]["state"], "draft")
        self.assertFalse(result["value"]["run_as_id"])

    def test_fields_on_models_of_odoo(self):
        trace = {"trace_type": "mail", "marketing_trace_id": 1, "model": "res.partner", "res_id": 1}
        self._refuse("mailing.trace", "create", [trace])
        del trace["marketing_trace_id"]
        self._refuse("mailing.trace", "create", [trace], context={"default_marketing_trace_id": 1})
        mailing = {"subject": "Mine", "mailing_model_id": self.model_partner.id}
        self._refuse("mailing.mailing", "create", [{**mailing, "marketing_campaign_id": self.campaign.id}])
        self._refuse("mailing.mailing", "write", self.email.mass_mailing_id.ids, {"marketing_campaign_id": False})
        self._refuse(CAMPAIGN, "write", self.campaign.ids, {"mailing_ids": [(0, 0, mailing)]})

    def test_to_another_company(self):
        """Row 5: what a record becomes is asked about, not only what it was."""
        their_company, their_campaign = self.other_company.id, self.their_campaign.id
        self._refuse(CAMPAIGN, "write", self.campaign.ids, {"company_id": their_company})
        self._refuse(CAMPAIGN, "create", [{"name": "There", "company_id": their_company}])
        self._refuse(CAMPAIGN, "create", [{"name": "There"}], context={"default_company_id": their_company})
        self._refuse("marketing.activity", "write", self.email.ids, {"campaign_id": their_campaign})
        self._refuse("marketing.activity", "copy", self.email.ids, {"campaign_id": their_campaign})
        self._refuse("marketing.activity", "create", [{"name": "There", "campaign_id": their_campaign}])
        follows = {"parent_id": self.their_activity.id, "trigger_type": "activity"}
        self._refuse("marketing.activity", "write", self.email.ids, follows)
        adopted = {"marketing_activity_ids": [(4, self.their_activity.id)]}
        self._refuse(CAMPAIGN, "write", self.campaign.ids, adopted)

    def test_dialogs_of_another_company(self):
        context = {"default_campaign_id": self.their_campaign.id}
        enrol = {"active_model": "res.partner", "active_ids": self.contacts.ids}
        for name in ("test", "start", "update", "enroll"):
            model = f"marketing.campaign.{name}"
            values = {"campaign_id": self.their_campaign.id}
            self._refuse(model, "create", [values], context=enrol)
            self._refuse(model, "create", [{}], context={**enrol, **context})
            spec = {name: {} for name in self.env[model]._fields}
            self._refuse(model, "onchange", [], values, ["campaign_id"], spec, context=enrol)
            nested = {"campaign_id": {"id": self.their_campaign.id}}
            self._refuse(model, "onchange", [], nested, ["campaign_id"], spec, context=enrol)
            self._refuse(model, "onchange", [], {}, [], spec, context={**enrol, **context})

    def test_company_of_a_campaign_with_participants(self):
        """A campaign without company is seen by all."""
        campaign = self._create_campaign(company_id=self.env.company.id)
        self._create_action(campaign, "Act")
        self._start(campaign)
        campaign.action_stop_campaign()
        self._refuse(CAMPAIGN, "write", campaign.ids, {"company_id": False}, error=UserError)
