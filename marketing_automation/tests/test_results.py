"""What a campaign has brought: its funnel, its reports, the clicks on its emails (journeys.md §10)."""

from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .accounts import USER
from .common import ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

BODY = """<div>
    <p>Hello <t t-out="object.name"/></p>
    <a href="https://shop.example.com/shoes">Shoes <b>now</b></a>
    <a href="https://shop.example.com/hats">Hats</a>
</div>"""
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


@tagged("post_install", "-at_install")
class TestResults(MarketingAutomationCommon):
    def setUp(self):
        super().setUp()
        self.ada, self.ben, self.cleo, self.dan, self.eve = self.contacts
        self.dan.email, self.eve.email = "dan@Mail.example.com", False
        self.campaign = self._create_campaign(goal_domain="[('ref', '=', 'customer')]")
        template = self._create_template("Welcome", BODY)
        self.email = self._create_activity(
            self.campaign, "Welcome", "email", "begin", None, mass_mailing_id=template.id
        )
        self.after = self._create_action(
            self.campaign,
            "After",
            "activity",
            self.email,
            interval_number=2,
            interval_type="days",
            activity_domain="[('name', '!=', 'Ben')]",
        )
        self._start(self.campaign)
        self._run_crons(self.start)
        for contact, event in ((self.ada, "open"), (self.ada, "click"), (self.ben, "open"), (self.dan, "bounce")):
            self._tell(event, contact)
        self._tell("open", self.cleo, origin="machine")
        self._run_crons(self.start + DAY)
        self.ada.ref = "customer"
        self._run_crons(self.start + 3 * DAY, ENROLMENT_CRON, EXECUTION_CRON, MAIL_CRON)

    def _tell(self, event, contact, **values):
        self.env["marketing.trace.event"].sudo().record_events(
            event, self._trace(self.email, contact).ids, "test", date=self.start + timedelta(hours=1), **values
        )

    def _groups(self, name, groupby, *measures):
        report = self.env[f"marketing.{name}.report"].with_user(self.marketer)
        aggregates = [measure if ":" in measure else f"{measure}:sum" for measure in measures]
        rows = report._read_group([("campaign_id", "=", self.campaign.id)], groupby, aggregates)
        return {row[0]: row[len(groupby) :] for row in rows}

    # ------------------------------------------------------------
    # Funnel
    # ------------------------------------------------------------

    def test_the_funnel_tells_how_far_people_come(self):
        funnel = self.campaign.get_funnel()
        sums = [funnel[name] for name in ("entered", "inside", "completed", "converted")]
        self.assertEqual(sums, [5, 0, 5, 1])
        first, second = funnel["steps"]
        self.assertEqual((first["depth"], first["came"], first["processed"], first["stopped"]), (0, 5, 4, 1))
        numbers = {number["metric"]: number["count"] for number in first["numbers"]}
        expected = {"canceled": 1, "sent": 4, "open": 2, "click": 1, "bounce": 1, "goal": 1}
        self.assertEqual({metric: numbers[metric] for metric in expected}, expected)
        self.assertEqual({numbers["complaint"], numbers["unsubscribe"], numbers["reply"]}, {0})
        self.assertEqual((second["depth"], second["processed"], second["stopped"]), (1, 1, 1))
        self.assertIn(funnel["most_stop"], ["Most people stop at “Welcome”: 1 of 5."])
        for step in funnel["steps"]:  # each number opens as many
            activity = self.env["marketing.activity"].with_user(self.marketer).browse(step["id"])
            for metric, count in [
                ("processed", step["processed"]),
                *((n["metric"], n["count"]) for n in step["numbers"]),
            ]:
                domain = activity.action_view_records(metric)["domain"]
                self.assertEqual(self.env["marketing.participant"].search_count(domain), count, metric)

    def test_a_campaign_without_people_has_an_empty_funnel(self):
        funnel = self._create_campaign().get_funnel()
        self.assertEqual((funnel["entered"], funnel["steps"], funnel["most_stop"]), (0, [], False))
        self.assertIsNone(funnel["converted"])

    # ------------------------------------------------------------
    # Reports
    # ------------------------------------------------------------

    def test_results_by_campaign_and_step_come_from_counters(self):
        self.assertEqual(
            self._groups("step", ["campaign_id"], "entered", "converted", "sent", "opened", "bounced"),
            {self.campaign: (5, 1, 4, 2, 1)},
        )
        rates = self._groups("step", ["campaign_id"], "conversion_rate:avg", "open_rate:avg", "click_rate:avg")
        self.assertEqual(rates, {self.campaign: (0.2, 0.5, 0.25)}, "of the sums, not the mean of steps")
        steps = self._groups("step", ["activity_id"], "processed", "rejected", "sent")
        self.assertEqual(steps[self.email], (4, 0, 4))
        self.assertEqual(steps[self.after], (1, 1, 0))
        self.campaign.count_machine_opens = True
        self.assertEqual(self._groups("step", ["campaign_id"], "opened"), {self.campaign: (3,)})
        report = self.env["marketing.step.report"].with_user(self.marketer)
        [row] = report.search([("activity_id", "=", self.email.id)])
        self.assertEqual(row.open_rate, 0.75)
        self.assertEqual(row.action_view_records(), self.email.action_view_records("processed"))

    def test_by_week_of_entry(self):
        late = self.env["res.partner"].create({"name": "Fay", "category_id": [(4, self.category.id)]})
        self._run_crons(self.start + WEEK, ENROLMENT_CRON)
        self.assertTrue(self._participant(self.campaign, late))
        weeks = self._groups(
            "cohort", ["date_start:week"], "entered", "inside", "converted_1", "converted", "conversion_rate:avg"
        )
        self.assertEqual(list(weeks.values()), [(5, 0, 1, 1, 0.2), (1, 1, 0, 0, 0.0)])
        converted = self.env["marketing.cohort.report"].search(
            [("campaign_id", "=", self.campaign.id), ("converted_1", "=", 1)]
        )
        self.assertEqual(converted.action_open_participant()["res_id"], self._participant(self.campaign, self.ada).id)

    def test_deliverability_by_the_domain_of_recipients(self):
        self.assertEqual(
            self._groups("delivery", ["email_domain"], "sent", "opened", "clicked", "bounced", "bounce_rate:avg"),
            {"people.example.com": (3, 2, 1, 0, 0.0), "mail.example.com": (1, 0, 0, 1, 1.0)},
        )

    def test_reports_show_no_other_companys_campaigns(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "alien", groups=USER, company_id=company.id, company_ids=[(6, 0, company.ids)]
        )
        self.campaign.sudo().company_id = self.env.company
        for name in ("step", "cohort", "delivery"):
            report = self.env[f"marketing.{name}.report"]
            mine = [("campaign_id", "=", self.campaign.id)]
            self.assertTrue(report.with_user(self.marketer).search_count(mine), name)
            self.assertFalse(report.with_user(stranger).search_count(mine), name)

    # ------------------------------------------------------------
    # Clicks on the email
    # ------------------------------------------------------------

    def test_clicks_are_drawn_on_the_email(self):
        [email] = self.email.get_click_map()
        self.assertEqual([link["label"] for link in email["links"]], ["Shoes", "Hats"], "as in the email")
        shoes = (
            self.env["link.tracker"]
            .sudo()
            .search([("mass_mailing_id", "=", self.email.mass_mailing_id.id), ("url", "=like", "%shoes")])
        )
        for contact in (self.ben, self.cleo):
            self._tell("click", contact, link_id=shoes.id)
        self._tell("click", self.dan, link_id=shoes.id, origin="machine")
        self._run_crons(self.start + 4 * DAY)
        [email] = self.email.get_click_map()
        found = [(link["label"], link["count"], round(link["share"], 2)) for link in email["links"]]
        self.assertEqual(found, [("Shoes", 2, 0.67), ("Hats", 0, 0.0)])
        body = self.email.mass_mailing_id._get_heat_body(email["links"])
        self.assertIn("2 · 67 %</span>", body)
        self.assertIn("0 · 0 %</span>", body)
        self.assertNotIn("href", body)
        action = self.email.action_view_records(email["links"][0]["metric"])
        who = self.env["marketing.participant"].search(action["domain"])
        self.assertEqual(set(who.mapped("res_id")), set((self.ben + self.cleo).ids))
        for wrong in ("link:", "link:x", "link:²", f"link:{10**30}", "link:0"):
            with self.assertRaises(UserError):
                self.email.action_view_records(wrong)
