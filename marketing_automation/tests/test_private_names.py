from odoo import fields
from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import MarketingAutomationCommon

SECRET = "Merger with Initech"
PERSON = "Peter Gibbons"


@tagged("post_install", "-at_install")
class TestPrivateNames(MarketingAutomationCommon):
    """The campaigns of another company, and their people, have no name for who may not read them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Second"})
        cls.foreigner = new_test_user(
            cls.env,
            login="foreigner",
            email="foreigner@second.example.com",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )
        cls.contacts[0].write({"name": PERSON, "company_id": cls.env.company.id})
        cls.campaign = cls._create_campaign(name=SECRET, company_id=cls.env.company.id)
        cls.email = cls._create_email(cls.campaign, SECRET)
        cls.template = cls.email.mass_mailing_id

    def _call(self, records, method, *args):
        """Call as the foreigner does; return all that comes back, an error's text included."""
        records = self.env[records._name].with_user(self.foreigner)
        self.env.invalidate_all()
        try:
            with self.cr.savepoint():
                return str(call_kw(records, method, list(args), {}))
        except UserError as error:
            return str(error)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_nothing_tells_them(self):
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.contacts[0])
        trace = self._trace(self.email, self.contacts[0])
        mailings, campaign_id, ids = self.env["mailing.mailing"], self.campaign.id, self.template.ids
        spec = {"marketing_campaign_id": {"fields": {"display_name": {}}}}
        told = [
            self._call(mailings, "read", ids, ["subject", "marketing_campaign_id"]),
            self._call(mailings, "web_read", ids, spec),
            self._call(mailings, "web_search_read", [("id", "in", ids)], spec),
            self._call(mailings, "formatted_read_group", [("id", "in", ids)], ["marketing_campaign_id"]),
            self._call(
                mailings, "search_read", [("marketing_campaign_id", "ilike", "Merger")], ["marketing_campaign_id"]
            ),
            self._call(mailings, "export_data", ids, ["subject", "marketing_campaign_id"]),
            self._call(mailings, "unlink", ids),
            self._call(mailings, "write", ids, {"subject": "Mine"}),
            self._call(mailings, "action_put_in_queue", ids),
            self._call(mailings, "action_send_mail", ids),
            self._call(self.campaign, "name_search", "Merger"),
            self._call(self.campaign, "read", [campaign_id], ["name"]),
            self._call(self.campaign, "action_start_campaign", [campaign_id]),
            self._call(self.email, "read", self.email.ids, ["name"]),
            self._call(self.email, "action_remove", self.email.ids),
            self._call(participant, "read", participant.ids, ["display_name"]),
            self._call(trace, "read", trace.ids, ["participant_id", "activity_id"]),
            self._call(trace, "action_retry", trace.ids),
        ]
        for model in ("test", "start", "update"):
            wizard = self.env[f"marketing.campaign.{model}"]
            told.append(self._call(wizard, "create", [{"campaign_id": campaign_id}]))
            told.append(
                self._call(
                    wizard,
                    "web_save",
                    [],
                    {"campaign_id": campaign_id},
                    {"campaign_id": {"fields": {"display_name": {}}}},
                )
            )
        leaks = [text for text in told if SECRET in text or PERSON in text]
        self.assertFalse(leaks)
        self.assertIn("access", told[0])

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_titles_and_sources_of_messages(self):
        """In Odoo a mailing is of no company, and every employee reads UTM sources: they are called as the email is."""
        self._start(self.campaign)
        self._execute(self.campaign, fields.Datetime.now())
        source, mailings = self.template.source_id, self.env["mailing.mailing"]
        self.assertIn(SECRET, source.name)
        sent = self.env["mailing.trace"].search([("mass_mailing_id", "=", self.template.id)], limit=1)
        self.assertTrue(sent)
        spec = {"mass_mailing_id": {"fields": {"display_name": {}}}, "source_id": {"fields": {"display_name": {}}}}
        told = [
            self._call(sent, "web_read", sent.ids, spec),
            self._call(sent, "formatted_read_group", [("id", "in", sent.ids)], ["mass_mailing_id"]),
            self._call(mailings, "name_search", "Merger"),
            self._call(mailings, "search_read", [("subject", "ilike", "Merger")], ["body_arch", "subject"]),
            self._call(mailings, "copy", self.template.ids),
            self._call(source, "read", source.ids, ["name", "display_name"]),
            self._call(source, "name_search", "Merger"),
            self._call(source, "search_read", [("name", "ilike", "Merger")]),
            self._call(source, "write", source.ids, {"name": "Mine"}),
            self._call(self.env["mailing.trace.report"], "search_read", [], ["name", "campaign"]),
        ]
        self.assertFalse([text for text in told if SECRET in text])
        self.assertIn("(of another company)", told[0])
        # the same name is free for others, as that of a campaign is
        found = self.env["utm.mixin"].with_user(self.foreigner).find_or_create_record("utm.source", source.name)
        self.assertNotEqual(found["id"], source.id)
        # who may read the campaign reads them, and what belongs to no campaign is everybody's
        self.assertIn(SECRET, source.with_user(self.marketer).name)
        own = self.env["utm.source"].create({"name": "By hand"}), self.template.copy({"subject": "Spring"})
        self.assertEqual([record.with_user(self.foreigner).display_name for record in own], ["By hand", "Spring"])

    def test_who_may_read_them_gets_them(self):
        self._start(self.campaign)
        read = self.template.with_user(self.marketer).read(["marketing_campaign_id"])
        self.assertEqual(read[0]["marketing_campaign_id"], (self.campaign.id, SECRET))
        trace = self._trace(self.email, self.contacts[0]).with_user(self.marketer)
        [read] = trace.read(["participant_id", "activity_id"])
        self.assertEqual((read["participant_id"][1], read["activity_id"][1]), (PERSON, SECRET))

    def test_people_whom_a_reader_of_the_campaign_may_not_see(self):
        """A campaign of all companies, run by somebody who sees more than its other readers."""
        campaign = self._create_campaign(name="Of all")
        email = self._create_email(campaign, "Welcome all")
        self._start(campaign)
        trace = self._trace(email, self.contacts[0])
        self.assertTrue(trace)
        told = [
            self._call(trace, "read", trace.ids, ["participant_id", "state"]),
            self._call(trace, "web_read", trace.ids, {"participant_id": {"fields": {"display_name": {}}}}),
            self._call(trace.participant_id, "read", trace.participant_id.ids, ["display_name", "resource_ref"]),
            self._call(
                trace.participant_id,
                "web_read",
                trace.participant_id.ids,
                {"resource_ref": {"fields": {"display_name": {}}}},
            ),
            self._call(self.env["marketing.trace.report"], "read", trace.ids, ["participant_id"]),
        ]
        self.assertFalse([text for text in told if PERSON in text])
        self.assertIn(f"Record {self.contacts[0].id}", told[0])

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_records_chosen_by_reference(self):
        """A reference to somebody whom its user may not see tells nothing: neither saved nor in a form."""
        campaign = self._create_campaign(name="Of all")
        email = self._create_email(campaign, "Welcome all")
        person, mailing = self.contacts[0], email.mass_mailing_id
        mailing.subject = "Hello {{ object.name }}"
        reference = f"{person._name},{person.id}"
        names = ["display_name", "resource_ref", "res_id", "subject", "recipient", "warning", "partner_id"]
        told = []
        for model, owner, method in (
            ("marketing.campaign.test", {"campaign_id": campaign.id}, "action_launch_test"),
            ("marketing.sample", {"mailing_id": mailing.id}, "action_send"),
        ):
            wizard = self.env[model]
            spec = {name: {} for name in names if name in wizard._fields}
            spec["resource_ref"] = {"fields": {"display_name": {}}}
            for values in ({**owner, "resource_ref": reference}, {**owner, "res_id": person.id}):
                told.append(self._call(wizard, "onchange", [], values, list(values), spec))
                told.append(self._call(wizard, "web_save", [], values, spec))
                made = wizard.with_user(self.foreigner).create(values)
                told.append(self._call(made, method, made.ids))
                self.assertNotIn("ir.actions", told[-1])  # refused
        participant = self.env["marketing.participant"]
        told.append(self._call(participant, "create", [{"campaign_id": campaign.id, "resource_ref": reference}]))
        told.append(self._call(campaign, "action_enroll", campaign.ids, person.ids))
        self.assertFalse([text for text in told if PERSON in text])

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_utm_campaigns_and_links(self):
        """In Odoo every employee reads them, and they are called as the campaign is."""
        utm_campaign = self.campaign.utm_campaign_id
        links = self.env["link.tracker"]
        link = links.search_or_create(
            [{"url": "https://example.com/x", "title": "X", "campaign_id": utm_campaign.id, "label": "Y"}]
        )
        # an ordinary mailing of the campaign's company, seen by all that use Email Marketing
        values = {"use_in_marketing_automation": False, "campaign_id": utm_campaign.id}
        mailing = self.template.copy({**values, "subject": "Hello", "name": "Hello"})
        spec = {"campaign_id": {"fields": {"display_name": {}}}}
        foreigner = self.foreigner
        clerk = new_test_user(
            self.env,
            login="clerk",
            email="clerk@second.example.com",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
            groups="base.group_user",
        )
        for self.foreigner in (foreigner, clerk):
            told = [
                self._call(utm_campaign, "read", utm_campaign.ids, ["name", "title", "display_name"]),
                self._call(utm_campaign, "search_read", [("id", "in", utm_campaign.ids)]),
                self._call(utm_campaign, "name_search", "Merger"),
                self._call(utm_campaign, "write", utm_campaign.ids, {"color": 3}),
                self._call(utm_campaign, "write", utm_campaign.ids, {"title": "Mine"}),
                self._call(links, "search_read", [("id", "in", link.ids)]),
                self._call(links, "read", link.ids, ["redirected_url", "campaign_id"]),
                self._call(links, "formatted_read_group", [], ["campaign_id"]),
                self._call(mailing, "web_read", mailing.ids, spec),
                self._call(mailing, "read", mailing.ids),
                self._call(mailing, "formatted_read_group", [("id", "in", mailing.ids)], ["campaign_id"]),
            ]
            self.assertFalse([text for text in told if SECRET in text])
            if self.foreigner == foreigner:
                self.assertIn("(of another company)", told[8])
                self.assertIn("is_ab_test_sent", told[9])
            # what Odoo says of a link that exists names its campaign
            values = {"url": "https://example.com/x", "campaign_id": utm_campaign.id}
            for method, argument in (("create", values), ("create", values), ("search_or_create", [values])):
                answer = self._call(links, method, argument)
                self.assertNotIn(SECRET, answer)
                self.assertIn("access", answer.lower())
        # the same name is free for others: they get one of their own, and no words of PostgreSQL
        found = self.env["utm.mixin"].with_user(foreigner).find_or_create_record("utm.campaign", SECRET)
        self.assertNotEqual(found["id"], utm_campaign.id)

    def test_own_utm_campaigns_and_those_of_all(self):
        """An archived campaign keeps its company's; one without company, and any other, is everybody's."""
        utm_campaign = self.campaign.utm_campaign_id
        self.campaign.active = False
        self.assertEqual(utm_campaign.with_user(self.marketer).title, SECRET)
        others = self._create_campaign(name="Of all").utm_campaign_id
        others += self.env["utm.campaign"].create({"title": "By hand"})
        self.assertEqual(others.with_user(self.foreigner).mapped("title"), ["Of all", "By hand"])
        found = self.env["utm.campaign"].with_user(self.foreigner).with_context(active_test=False)
        self.assertFalse(found.search([("id", "in", utm_campaign.ids)]))
