from datetime import timedelta

from odoo.tests import tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestFilters(MarketingAutomationCommon):
    """Whom filters let in, and when they count."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.campaign = cls._create_campaign()

    def _enrolled(self, domain):
        campaign = self._create_campaign(name=domain, domain=domain)
        self._create_action(campaign, "Act")
        self._start(campaign, self.env.cr.now().replace(microsecond=0))
        return set(campaign.participant_ids.mapped("res_id"))

    def _in_category(self, *conditions):
        return repr([("category_id", "in", self.category.ids), *conditions])

    def test_across_relations(self):
        self.ada.country_id = self.env.ref("base.be")
        self.ben.parent_id = self.ada
        both = set((self.ada + self.ben).ids)  # Odoo gives a contact the address of its company
        self.assertEqual(self._enrolled(self._in_category(("country_id.code", "=", "BE"))), both)
        self.assertEqual(self._enrolled(self._in_category(("parent_id.country_id.code", "=", "BE"))), set(self.ben.ids))

    def test_properties(self):
        """Fields that users add themselves."""
        self.env["properties.base.definition"]._get_definition_for_property_field(
            "res.partner", "properties"
        ).properties_definition = [{"name": "segment", "type": "char", "string": "Segment"}]
        self.ada.properties = {"segment": "gold"}
        self.assertEqual(self._enrolled(self._in_category(("properties.segment", "=", "gold"))), set(self.ada.ids))

    def test_archived_records(self):
        """They are out, unless the filter asks for them."""
        self.ada.active = False
        self.assertEqual(self._enrolled(self._in_category()), set((self.contacts - self.ada).ids))
        self.assertEqual(self._enrolled(self._in_category(("active", "=", False))), set(self.ada.ids))

    def test_archived_records_go_through_the_workflow(self):
        """A campaign of archived records executes its steps, whose filters need not ask for them again."""
        self.contacts.active = False
        for leave in (True, False):
            campaign = self._create_campaign(
                name=f"Win back {leave}", leave_on_mismatch=leave, domain=self._in_category(("active", "=", False))
            )
            first = self._create_action(campaign, "Act")
            named = repr([("name", "=", self.ada.name)])
            filtered = self._create_action(campaign, "Act on some", "activity", first, activity_domain=named)
            self._start(campaign)
            self._run_crons(self.start, EXECUTION_CRON)
            self.assertTraces(first, dict.fromkeys(self.contacts, "processed"))
            others = dict.fromkeys(self.contacts - self.ada, "rejected")
            self.assertTraces(filtered, {self.ada: "processed", **others})

    def test_relative_dates_and_the_user(self):
        recent = self._in_category(("create_date", ">=", "today -7d"))
        self.assertEqual(self._enrolled(recent), set(self.contacts.ids))
        self.assertEqual(self._enrolled(self._in_category(("create_date", "<", "today -7d"))), set())
        self.ada.user_id = self.marketer
        text = f"[('user_id', '=', uid), ('category_id', 'in', {self.category.ids})]"
        self.assertEqual(self._enrolled(text), set(self.ada.ids), "uid is the campaign's user")

    def test_recent_contacts_feed_a_long_flow(self):
        """Off: the campaign's filter counts at enrolment alone."""
        for leave, state in [(True, "canceled"), (False, "processed")]:
            self.contacts.function = "New"
            campaign = self._create_campaign(
                name=f"Leave {leave}", leave_on_mismatch=leave, domain=self._in_category(("function", "=", "New"))
            )
            activity = self._create_action(campaign, "Act", interval_number=30, interval_type="days")
            self._start(campaign)
            self.contacts.function = "Old"
            self._run_crons(self.start + timedelta(days=30), EXECUTION_CRON)
            self.assertTraces(activity, dict.fromkeys(self.contacts, state))

    def test_archived_while_inside(self):
        activity = self._create_action(self.campaign, "Act", interval_number=1)
        self._start(self.campaign)
        self.ada.active = False
        self._run_crons(self.start + timedelta(hours=1), EXECUTION_CRON)
        self.assertTraces(activity, {self.ada: "canceled", self.ben: "processed"})
        self.assertEqual(self._participant(self.campaign, self.ada).end_reason, "The record no longer matches the campaign's filter.")  # fmt: skip # noqa: E501

    def test_filters_take_no_query_per_participant(self):
        searches = []
        partner_class = self.env.registry["res.partner"]
        search = partner_class._search

        def note(records, domain, *args, **kwargs):
            searches.append(domain)
            return search(records, domain, *args, **kwargs)

        counts = []
        for count in (4, 5, 50):  # the first round fills what the registry caches
            people = self.env["res.partner"].create([{"name": f"{count} {i}"} for i in range(count)])
            campaign = self._create_campaign(name=f"Of {count}", domain=repr([("id", "in", people.ids)]))
            self._create_action(campaign, "Act", activity_domain="[('name', '=', False)]")
            self._start(campaign)
            searches.clear()
            self.patch(partner_class, "_search", note)
            self._execute(campaign, self.start)
            self.patch(partner_class, "_search", search)
            counts.append(len(searches))
            self.assertTrue(searches)
        self.assertEqual(counts[1], counts[2])

    def test_favourite_filter(self):
        favourite = self.env["mailing.filter"].create(
            {"name": "F", "mailing_model_id": self.model_partner.id, "mailing_domain": self._in_category()}
        )
        campaign = self._create_campaign(domain="[]")
        campaign.mailing_filter_id = favourite
        self.assertEqual(campaign.domain, favourite.mailing_domain)
        campaign.mailing_filter_id = False
        self.assertEqual(campaign.domain, favourite.mailing_domain, "what it filled in stays")

    def test_who_comes_back_at_enrolment_only(self):
        """A record that left and matches again is the participant it was."""
        self._create_action(self.campaign, "Act", interval_number=9)
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.ada)
        for category, state in [(False, "unlinked"), (self.category, "running"), (False, "unlinked")]:
            self.ada.category_id = category
            self._run_crons(self.start + timedelta(hours=1), ENROLMENT_CRON)
            self.assertEqual(self._participant(self.campaign, self.ada), participant)
            self.assertEqual(participant.state, state)
