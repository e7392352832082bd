from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON

from .common import LeadsCommon


@tagged("post_install", "-at_install")
class TestLeadNumbers(LeadsCommon):
    """The leads that a campaign brings in, and what is expected of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.email.mass_mailing_id.write({"reply_to_mode": "new", "reply_to": cls.team.alias_full_name})

    def _brought_in(self, campaign=None, **values):
        """Create a lead that a campaign brought in."""
        campaign = campaign or self.campaign
        return self._create_leads("Brought in", **{"campaign_id": campaign.utm_campaign_id.id, **values})

    def _numbers(self, campaign=None, user=None):
        self.env.invalidate_all()
        campaign = (campaign or self.campaign).with_user(user or self.marketer)
        return campaign.crm_lead_count, campaign.crm_revenue

    def _launch_test(self, campaign, record):
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        action = wizard.create(
            {"campaign_id": campaign.id, "res_id": record.id, "confirmed": True}
        ).action_launch_test()
        return self.env[action["res_model"]].with_user(self.marketer).browse(action["res_id"])

    def _run_test_step(self, campaign, record):
        """Run the first step of a new test; return the mails that left."""
        test = self._launch_test(campaign, record)
        with self._at(self.start):
            test.trace_ids.action_run_test()
            return list(self._mails)

    def _answer(self, mail):
        """Have the recipient answer; return the leads that this makes."""
        before = self.env["crm.lead"].search([])
        self._receive_answer(
            self.start + timedelta(hours=1), self.ada.email, self.team.alias_full_name, mail["message_id"]
        )
        return self.env["crm.lead"].search([]) - before

    # ------------------------------------------------------------
    # What counts
    # ------------------------------------------------------------

    def test_a_reply_that_makes_a_lead_counts(self):
        replied = self._create_action(self.campaign, "Replied", "mail_reply", self.email)
        self._start(self.campaign)
        mails = self._run_crons(self.start)
        self.assertEqual(self._numbers(), (0, 0))
        lead = self._answer(self._mail_to(mails, self.ada))
        self.assertEqual((lead.email_normalized, lead.team_id), (self.ada.email, self.team))
        self.assertEqual(lead.campaign_id, self.campaign.utm_campaign_id)
        self.assertEqual(self._numbers(), (1, 0))
        lead.expected_revenue = 250
        self.assertEqual(self._numbers(), (1, 250))
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertTraces(replied, {self.ada: "processed"})

    def test_lost_leads_are_leads_without_revenue(self):
        """They count as Odoo's own number of a UTM campaign has it; nothing is expected of them any more."""
        won, lost, archived = (self._brought_in(expected_revenue=revenue) for revenue in (100, 20, 3))
        self._brought_in(campaign_id=False, expected_revenue=1000)
        won.action_set_won()
        lost.action_set_lost()
        archived.action_archive()
        archived.probability = 10
        self.assertEqual(self._numbers(), (3, 103))
        own = self.campaign.with_user(self.marketer)
        self.assertEqual(own.utm_campaign_id.crm_lead_count, 3)
        for action, expected in (
            (own.action_view_leads(), won + lost + archived),
            (own.action_view_revenue(), won + archived),
        ):
            context = dict(active_test=False)
            self.assertIn("'active_test': False", action["context"])
            found = self.env[action["res_model"]].with_user(self.marketer).with_context(**context)
            self.assertEqual(found.search(action["domain"], order="id"), expected, action["name"])

    def test_revenue_in_the_currency_of_the_reader(self):
        dear = self.env["res.currency"].create(
            {
                "name": "DER",
                "symbol": "D",
                "rate_ids": [Command.create({"name": "2020-01-01", "rate": 0.5, "company_id": False})],
            }
        )
        abroad = self.env["res.company"].create({"name": "Abroad", "currency_id": dear.id})
        self.marketer.company_ids += abroad
        self.assertEqual(self.marketer.company_id.currency_id.rate, 1)
        self._brought_in(expected_revenue=100, company_id=self.env.company.id, team_id=False)
        self._brought_in(expected_revenue=10, company_id=abroad.id, team_id=False)
        home = self.campaign.with_user(self.marketer)
        self.env.invalidate_all()
        found = {}
        for company_ids in (self.env.company.ids, [self.env.company.id, abroad.id], [abroad.id, self.env.company.id]):
            campaign = home.with_context(allowed_company_ids=company_ids)
            found[tuple(company_ids)] = (campaign.crm_lead_count, campaign.crm_revenue, campaign.crm_currency_id)
        self.assertEqual(
            list(found.values()),
            [
                (1, 100, self.env.company.currency_id),
                (2, 120, self.env.company.currency_id),
                (2, 60, dear),
            ],
        )

    def test_one_query_for_all_campaigns(self):
        campaigns = self.campaign + self._create_campaign(name="Second") + self._create_campaign(name="Third")
        for number, campaign in enumerate(campaigns):
            for _lead in range(number + 1):
                self._brought_in(campaign, expected_revenue=10)
        counts = []
        for some in (campaigns, campaigns[:1], campaigns):  # the first round fills what the registry caches
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some.with_user(self.marketer).mapped("crm_revenue")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertEqual([self._numbers(campaign) for campaign in campaigns], [(1, 10), (2, 20), (3, 30)])

    # ------------------------------------------------------------
    # What a test brings in
    # ------------------------------------------------------------

    def test_a_reply_to_a_test_makes_a_lead_that_does_not_count(self):
        lead = self._answer(self._mail_to(self._run_test_step(self.campaign, self.ada), self.ada))
        self.assertEqual((lead.email_normalized, lead.team_id), (self.ada.email, self.team))
        self.assertFalse(lead.campaign_id or lead.source_id)
        self.assertEqual(self._numbers(), (0, 0))
        self.assertEqual(self.email.mass_mailing_id.crm_lead_count, 0)
        # the same person's answer to the campaign itself counts
        self._start(self.campaign)
        lead = self._answer(self._mail_to(self._run_crons(self.start), self.ada))
        self.assertEqual(lead.campaign_id, self.campaign.utm_campaign_id)
        self.assertEqual(self._numbers(), (1, 0))

    def test_what_an_action_makes_counts_but_for_tests(self):
        campaign = self._create_campaign(name="Makes leads")
        code = f"env['crm.lead'].create({{'name': record.name, 'campaign_id': {campaign.utm_campaign_id.id}}})"
        self._create_action(campaign, "Make", code=code)
        self._run_test_step(campaign, self.ada)
        made = self.env["crm.lead"].search([("name", "=", "Ada")])
        self.assertEqual((len(made), len(made.campaign_id)), (1, 0))
        self.assertEqual(self._numbers(campaign), (0, 0))
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._numbers(campaign), (5, 0))

    # ------------------------------------------------------------
    # Who sees it
    # ------------------------------------------------------------

    def _buttons(self, user):
        arch = self.env["marketing.campaign"].with_user(user).get_view(view_type="form")["arch"]
        return [f'name="action_view_{name}"' in arch for name in ("leads", "revenue")]

    def test_a_marketer_without_rights_on_leads(self):
        self._brought_in(expected_revenue=100)
        self.assertEqual(self._numbers(user=self.outsider), (0, 0))
        self.assertEqual(self._buttons(self.outsider), [False, False])
        campaign = Form(self.campaign.with_user(self.outsider))
        campaign.name = "Renamed"
        campaign.save()
        self.assertEqual(self.campaign.name, "Renamed")
        self.campaign.with_user(self.outsider).read()
        Form(self.env["marketing.campaign"].with_user(self.outsider))

    def test_a_salesperson_sees_the_numbers_of_their_leads(self):
        self._brought_in(expected_revenue=100)
        self._brought_in(expected_revenue=20, user_id=self.seller.id)
        self.assertEqual(self._numbers(), (1, 100))
        self.assertEqual(self._buttons(self.marketer), [True, True])
        self.marketer.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        self.assertEqual(self._numbers(), (2, 120))
        form = Form(self.campaign.with_user(self.marketer))
        self.assertEqual((form.crm_lead_count, form.crm_revenue), (2, 120))

    def test_a_salesperson_who_is_no_marketer(self):
        """They see no campaign, and work with leads that are in one as before."""
        for operation in ("read", "write", "create", "unlink"):
            self.assertFalse(self.campaign.with_user(self.seller).has_access(operation))
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.seller).action_view_leads()
        lead = self._brought_in(user_id=self.seller.id)
        lead.with_user(self.seller).write({"expected_revenue": 7})
        Form(lead.with_user(self.seller)).save()
        self.assertEqual(lead.campaign_id, self.campaign.utm_campaign_id)

    def test_buttons_of_a_new_campaign(self):
        """Nothing to show is not shown: a draft has brought in nothing."""
        form = Form(self.env["marketing.campaign"].with_user(self.marketer))
        self.assertEqual((form.crm_lead_count, form.crm_revenue), (0, 0))
        arch = self.env["marketing.campaign"].with_user(self.marketer).get_view(view_type="form")["arch"]
        self.assertIn('invisible="not crm_lead_count"', arch)
        self.assertIn('invisible="not crm_revenue"', arch)

    # ------------------------------------------------------------
    # Won inside
    # ------------------------------------------------------------

    def test_what_was_won_after_the_entry_counts(self):
        """Once for each lead; what was won before, or is another's, does not; a test neither."""
        fay, gus, hal = self.leads
        campaign = self._create_lead_campaign()
        self._create_action(campaign, "Note", code="pass")
        before = self._create_leads("Ivy", expected_revenue=1000, date_closed=self.start - timedelta(days=1))
        self._start(campaign)
        self.assertEqual((campaign.crm_won_count, campaign.crm_won_revenue), (0, 0))
        (fay + gus).expected_revenue = 50
        hal.expected_revenue = 7
        with self._at(self.start + timedelta(days=1)):
            (fay + gus + before).action_set_won()
        before.date_closed = self.start - timedelta(days=1)
        gus.user_id = self.seller  # whose leads the marketer may not see
        self.env.invalidate_all()
        self.assertEqual((campaign.crm_won_count, campaign.crm_won_revenue), (1, 50))
        action = campaign.action_view_won_leads()
        self.assertEqual(self.env["crm.lead"].with_context(active_test=False).search(action["domain"]), fay)
        everything = campaign.with_user(self.env.ref("base.user_admin"))
        self.assertEqual((everything.crm_won_count, everything.crm_won_revenue), (2, 100))
        nothing = campaign.with_user(self.outsider)
        self.assertEqual((nothing.crm_won_count, nothing.crm_won_revenue), (0, 0))
