from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestNewCampaigns(MarketingAutomationCommon):
    """The sending hours and the clock with which new campaigns begin, as Settings say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.office = cls._make_calendar("Office")

    @classmethod
    def _make_calendar(cls, name, **values):
        hours = [Command.create({"name": "-", "dayofweek": "1", "hour_from": 9, "hour_to": 17})]
        return cls.env["resource.calendar"].create(
            {"name": name, "company_id": False, "attendance_ids": hours, **values}
        )

    def _save(self, company=None, calendar=None, **values):
        settings = self.env["res.config.settings"].with_company(company or self.env.company)
        if calendar is not None:
            values["marketing_automation_sending_calendar_id"] = calendar.id
        settings.create(values).execute()

    def _describe(self, campaign):
        return campaign.sending_calendar_id, campaign.tz_mode

    def test_new_campaigns_begin_with_what_settings_say(self):
        none = self.office.browse()
        before = self._create_campaign()
        self._save(calendar=self.office, marketing_automation_tz_mode="recipient")
        self.assertEqual(self._describe(before), (none, "campaign"), "campaigns that there are keep theirs")
        self.assertEqual(self._describe(self._create_campaign()), (self.office, "recipient"))
        with Form(self.env["marketing.campaign"].with_user(self.marketer)) as form:
            form.name, form.model_id = "By hand", self.env["ir.model"]._get("res.partner")
        self.assertEqual(self._describe(form.record), (self.office, "recipient"))
        chosen = self._create_campaign(sending_calendar_id=False, tz_mode="campaign")
        self.assertEqual(self._describe(chosen), (none, "campaign"))
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.marketing_automation_sending_calendar_id, self.office)
        settings.execute()  # what nobody has touched stays
        self.assertEqual(self._describe(self._create_campaign()), (self.office, "recipient"))
        self._save(calendar=none, marketing_automation_tz_mode="campaign")
        self.assertEqual(self._describe(self._create_campaign()), (none, "campaign"))

    def test_each_company_has_its_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self._make_calendar("Theirs", company_id=other.id)
        self.env.user.company_ids += other
        self._save(calendar=self.office)
        self._save(other, theirs, marketing_automation_tz_mode="recipient")
        own, foreign = (
            self.env["marketing.campaign"].create(
                {"name": "-", "model_id": self.env["ir.model"]._get_id("res.partner"), "company_id": company.id}
            )
            for company in (self.env.company, other)
        )
        self.assertEqual(self._describe(own), (self.office, "campaign"))
        self.assertEqual(self._describe(foreign), (theirs, "recipient"))

    def test_hours_that_no_campaign_could_keep_are_refused_in_words(self):
        other = self.env["res.company"].create({"name": "Other"})
        for values, words in (
            ({"company_id": other.id}, "“Closed” are of another company: choose some of"),
            ({"active": False}, "“Closed” are archived"),
            ({"attendance_ids": [Command.clear()]}, "“Closed” do not open within a year"),
        ):
            calendar = self._make_calendar("Closed", **values)
            if "attendance_ids" in values:
                calendar.attendance_ids.unlink()
            with self.assertRaisesRegex(ValidationError, words):
                self._save(calendar=calendar)
        self.assertFalse(self._create_campaign().sending_calendar_id)

    def test_hours_that_are_deleted_are_no_default_any_more(self):
        self._save(calendar=self.office)
        self.office.unlink()
        self.assertFalse(self._create_campaign().sending_calendar_id)
        self.env["res.config.settings"].create({}).execute()

    def test_administrators_alone_set_them(self):
        with self.assertRaises(AccessError):
            self.env["res.config.settings"].with_user(self.marketer).create(
                {"marketing_automation_tz_mode": "recipient"}
            ).execute()
        self.assertEqual(self._create_campaign().tz_mode, "campaign")
