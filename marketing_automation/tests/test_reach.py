from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL, email_normalize

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestReach(MarketingAutomationCommon):
    """Start promises what goes out: who gets no message is named, and the card shows them afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def _block(self, record):
        self.env["mail.blacklist"].sudo()._add(record.email)

    def _preview(self, campaign=None):
        return (campaign or self.campaign).get_start_preview()

    def _count_mails(self, campaign):
        self._start(campaign)
        return len(self._run_crons(self.start + timedelta(minutes=5)))

    def _left_out(self, activity):
        [card] = [card for card in activity.campaign_id.get_workflow_cards()["cards"] if card["id"] == activity.id]
        return {reason["code"]: reason["count"] for reason in card["left_out"]}

    def test_what_is_promised_goes_out(self):
        ada, ben, cleo, dan, _eve = self.contacts
        self._block(ada)
        ben.email = "ben at people"
        cleo.email = False
        dan.email = "EVE@people.example.com"
        preview = self._preview()
        self.assertEqual(preview["messages"], {"email": 1})
        [sentence] = preview["left_out"]
        self.assertIn("4 of 5 do not get “Welcome”", sentence)
        for words in (
            "1 blocklisted",
            "1 without an email address",
            "1 with an address that cannot be read",
            "1 with the address of somebody else here",
        ):
            self.assertIn(words, sentence)
        form = Form(self.env["marketing.campaign.start"].with_context(default_campaign_id=self.campaign.id))
        self.assertEqual((form.message_summary, form.left_out_text), ("Email: 1", sentence))
        self.assertEqual(self._count_mails(self.campaign), 1)
        expected = {"mail_bl": 1, "mail_email_missing": 1, "mail_email_invalid": 1, "mail_dup": 1}
        self.assertEqual(self._left_out(self.email), expected)

    def test_addresses_that_no_server_is_given(self):
        """Odoo finds an address in them, and then has none to hand over; Start counts them as sending does."""
        written = ["..a@@b.example", "@b.example", '"a b"@c.example', "a[@b.example", "a@b@c.example"]
        sendable = "c@d.example, e@f.example"
        for contact, email in zip(self.contacts, written, strict=True):
            contact.email = email
        self.contacts.create({"name": "Two", "email": sendable, "category_id": self.category.ids})
        preview = self._preview()
        self.assertEqual(preview["messages"], {"email": 2})
        self.assertIn("4 with an address that cannot be read", preview["left_out"][0])
        self.assertIn("1 of 6 have several addresses in their email field", preview["left_out"][1])
        self.assertEqual(self._count_mails(self.campaign), 2)
        self.assertEqual(self._left_out(self.email), {"mail_email_invalid": 4})

    def test_international_domains(self):
        """What IDNA has no ASCII for reaches nobody; Start counts it as sending does."""
        for contact, domain in zip(self.contacts, ["bücher.example", "büch_er.example", "例え.example"], strict=False):
            contact.email = f"{contact.name}@{domain}".lower()
        preview = self._preview()
        self.assertEqual(preview["messages"], {"email": 4})
        self.assertIn("1 with an address that cannot be read", preview["left_out"][0])
        self.assertEqual(self._count_mails(self.campaign), 4)
        self.assertEqual(self._left_out(self.email), {"mail_email_invalid": 1})

    def test_addresses_of_a_target_that_does_not_keep_them_normalized(self):
        """Written in a field of the record alone, as for registrations of events."""
        model = self.env["res.partner"]
        with patch.object(model._fields["email_normalized"], "store", False):
            own, _raw = self.campaign.sudo()._get_own_email_sql(model)
        for email, found in (
            ("..a@@b.example", None),
            ("@b.example", None),
            ("a@b@c.example", "b@c.example"),
            ("Ada <ADA@people.example.com>", "ada@people.example.com"),
            ("a:b@c.example", "b@c.example"),
            ("c@d.example; e@f.example", "c@d.example"),
        ):
            self.contacts[0].email = email
            self.env.flush_all()
            query = SQL("SELECT %s FROM res_partner t WHERE t.id = %s", own, self.contacts[0].id)
            self.assertEqual(self.env.execute_query(query), [(found,)], email)
            self.assertIn(email_normalize(email, strict=False), (found, "@b.example"), "as Odoo finds it")

    def test_who_is_left_out_can_be_opened(self):
        self._block(self.contacts[0])
        self._start(self.campaign)
        self._run_crons(self.start + timedelta(minutes=5))
        action = self.email.action_view_left_out("mail_bl")
        found = self.env["marketing.participant"].search(action["domain"])
        self.assertEqual(found.mapped("res_id"), self.contacts[0].ids)
        for wrong in ("mail_nonsense", None, ["mail_bl"]):
            with self.assertRaises(UserError):
                self.email.action_view_left_out(wrong)

    def test_a_template_that_ignores_the_blocklist(self):
        self._block(self.contacts[0])
        self.email.mass_mailing_id.use_exclusion_list = False
        self.assertEqual(self._preview()["messages"], {"email": 5})
        self.assertEqual(self._preview()["left_out"], [])
        self.assertEqual(self._count_mails(self.campaign), 5)

    def test_the_filter_of_the_step(self):
        self.email.activity_domain = "[('name', 'in', ('Ada', 'Ben'))]"
        preview = self._preview()
        self.assertEqual(preview["messages"], {"email": 2})
        self.assertIn("3 not matching its filter", preview["left_out"][0])
        self.assertEqual(self._count_mails(self.campaign), 2)

    def test_below_steps_that_send_nothing(self):
        """Conditions and actions are passed within the hour: who goes on to a message gets it as one of the first."""
        campaign = self._create_campaign()
        action = self._create_action(campaign, "Note", activity_domain="[('name', '!=', 'Eve')]")
        condition = self._create_activity(campaign, "Is it Ada or Ben?", "condition", "activity", action)
        condition.condition_domain = "[('name', 'in', ('Ada', 'Ben'))]"
        self._create_email(campaign, "For them", "cond_yes", condition)
        others = self._create_email(campaign, "For others", "cond_no", condition)
        self._create_email(campaign, "Later", "cond_no", condition, interval_number=2, interval_type="hours")
        self._create_email(campaign, "After the email", "activity", others)
        self._block(self.contacts[0])
        self._block(self.contacts[2])
        preview = self._preview(campaign)
        self.assertEqual(preview["messages"], {"email": 2})
        self.assertEqual(
            preview["left_out"],
            [
                "1 of 2 do not get “For them”: 1 blocklisted.",
                "1 of 2 do not get “For others”: 1 blocklisted.",
            ],
        )
        self.assertEqual(self._count_mails(campaign), 2)

    def test_behind_a_wait(self):
        """Who matches already does not wait; nobody knows when the others go on."""
        campaign = self._create_campaign()
        values = {"wait_domain": "[('name', 'in', ('Ada', 'Ben'))]", "wait_limit_number": 1}
        wait = self._create_activity(campaign, "Ada or Ben", "wait", "begin", None)
        wait.write(values)
        self._create_email(campaign, "At once", "wait_done", wait)
        self._create_email(campaign, "Too late", "wait_timeout", wait)
        self.assertEqual(self._preview(campaign)["messages"], {"email": 2})
        self.assertEqual(self._count_mails(campaign), 2)
        wait.wait_type = "weekday"
        self.assertEqual(self._preview(campaign.copy())["messages"], {"email": 0})

    def test_behind_a_split(self):
        """Who takes which branch is not known before they enter: each branch is promised its share."""
        campaign = self._create_campaign()
        self.env["res.partner"].create(
            [{"name": f"More {i}", "email": f"m{i}@x.example.com", "category_id": self.category.ids} for i in range(15)]
        )
        split = self._create_activity(campaign, "A or B", "split", "begin", None)
        for branch, weight in zip(split.branch_ids, (3, 1), strict=True):
            branch.weight = weight
            self._create_email(campaign, f"Email {branch.name}", "branch", split, branch_id=branch.id)
        self.assertEqual(self._preview(campaign)["messages"], {"email": 20})
        campaign.marketing_activity_ids.filtered(lambda activity: activity.name == "Email A").action_remove()
        self.assertEqual(self._preview(campaign)["messages"], {"email": 5})

    def test_an_address_that_got_it_before(self):
        """After a stop, somebody new with the address of somebody inside gets no second one."""
        self.assertEqual(self._count_mails(self.campaign), 5)
        self.campaign.action_stop_campaign()
        self.contacts[0].copy({"email": "ADA@people.example.com"})
        self.contacts[1].copy({"email": "new@people.example.com"})
        preview = self._preview()
        self.assertEqual((preview["enroll_count"], preview["messages"]), (2, {"email": 1}))
        self.assertIn("1 with the address of somebody else here", preview["left_out"][0])

    def test_steps_that_waited(self):
        self._start(self.campaign)
        self.campaign.action_stop_campaign()
        self._block(self.contacts[0])
        with self._at(self.start + timedelta(days=1)):
            preview = self._preview()
        self.assertEqual((preview["overdue_count"], preview["messages"]), (5, {"email": 4}))

    def test_unicity_says_whom_it_keeps_out(self):
        self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "email")
        self.contacts[1].email = self.contacts[0].email
        preview = self._preview()
        numbers = preview["record_count"], preview["enroll_count"], preview["shared_count"]
        self.assertEqual(numbers, (5, 4, 1))
        self._start(self.campaign)
        self.campaign.action_stop_campaign()
        preview = self._preview()
        numbers = preview["record_count"], preview["enroll_count"], preview["shared_count"]
        self.assertEqual(numbers, (5, 0, 1))

    def test_the_number_of_queries_does_not_depend_on_how_many_enter(self):
        self._preview()
        few = self._count_queries()
        more = [
            {"name": f"More {i}", "email": f"m{i}@x.example.com", "category_id": self.category.ids} for i in range(200)
        ]
        self.env["res.partner"].create(more)
        self.assertEqual(self._preview()["messages"], {"email": 205})
        self.assertEqual(self._count_queries(), few)

    def _count_queries(self):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._preview()
        return self.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestReachOfLists(MarketingAutomationCommon):
    """Who opted out of a mailing list that the filter names gets nothing, whatever other lists they are on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.news, cls.other = cls.env["mailing.list"].create([{"name": "News"}, {"name": "Other"}])
        cls.people = cls.env["mailing.contact"].create(
            [
                {
                    "name": name,
                    "email": f"{name.lower()}@people.example.com",
                    "subscription_ids": [(0, 0, {"list_id": list_.id, "opt_out": out}) for list_, out in lists],
                }
                for name, lists in {
                    "In": [(cls.news, False)],
                    "Out": [(cls.news, True)],
                    "Out of News": [(cls.news, True), (cls.other, False)],
                    "Out of Other": [(cls.news, False), (cls.other, True)],
                }.items()
            ]
        )
        for contact in cls.people:
            contact.email = contact.email.replace(" ", "")

    def _promise(self, domain):
        campaign = self._create_campaign(
            model_id=self.env["ir.model"]._get("mailing.contact").id,
            domain=repr([("id", "in", self.people.ids), *domain]),
        )
        email = self._create_email(campaign, "Letter")
        promised = campaign.get_start_preview()["messages"]["email"]
        self._start(campaign)
        mails = self._run_crons(self.start + timedelta(minutes=5))
        self.assertEqual(len(mails), promised)
        traces = email.sudo().trace_ids.filtered(lambda trace: trace.end_code == "mail_optout")
        return self.people.browse(traces.mapped("res_id")).mapped("name")

    def test_a_list_that_the_filter_names(self):
        self.assertEqual(sorted(self._promise([("list_ids", "in", self.news.ids)])), ["Out", "Out of News"])

    def test_lists_by_another_path(self):
        named = [("subscription_ids.list_id", "in", self.news.ids)]
        self.assertEqual(sorted(self._promise(named)), ["Out", "Out of News"])

    def test_one_of_several_lists_is_enough(self):
        both = [("list_ids", "in", (self.news | self.other).ids)]
        self.assertEqual(self._promise(both), ["Out"])

    def test_no_list_is_named(self):
        self.assertEqual(self._promise([]), ["Out"])


@tagged("post_install", "-at_install")
class TestReachOfSharedAddresses(MarketingAutomationCommon):
    """Contacts with one address are one person: an opt-out of one holds for the others, in whatever batch they are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.news, cls.other = cls.env["mailing.list"].create([{"name": "News"}, {"name": "Other"}])
        cls.ann = cls._create_contact("Ann", "ann@people.example.com", cls.news)

    @classmethod
    def _create_contact(cls, name, email, mailing_list, opt_out=False):
        subscription = [(0, 0, {"list_id": mailing_list.id, "opt_out": opt_out})] if mailing_list else []
        return cls.env["mailing.contact"].create({"name": name, "email": email, "subscription_ids": subscription})

    def _create_letter(self, *domain):
        campaign = self._create_campaign(
            model_id=self.env["ir.model"]._get("mailing.contact").id, domain=repr(list(domain))
        )
        return campaign, self._create_email(campaign, "Letter")

    def _assert_reaches(self, expected, *domain):
        """Start promises it and the campaign keeps it, whether the contacts are executed together or one by one."""
        for size in (500, 1):
            campaign, email = self._create_letter(*domain)
            promised = campaign.get_start_preview()["messages"].get("email", 0)
            with patch("odoo.addons.marketing_automation.models.runtime.loop.BATCH", size):
                self._start(campaign)
                mails = self._run_crons(self.start + timedelta(minutes=5))
            reached = {address for mail in mails for address in mail["email_to"]}
            self.assertEqual((len(mails), promised), (len(expected), len(expected)), f"in batches of {size}")
            self.assertTrue(all(any(one.email in address for address in reached) for one in expected), reached)
            campaign.action_stop_campaign()
        return email.sudo().trace_ids

    def test_an_opt_out_by_another_contact_with_the_address(self):
        twin = self._create_contact("Ann again", "ANN@people.example.com", self.news, opt_out=True)
        ben = self._create_contact("Ben", "ben@people.example.com", self.news)
        traces = self._assert_reaches(ben, ("list_ids", "in", self.news.ids))
        codes = {trace.res_id: trace.end_code for trace in traces}
        self.assertEqual((codes[self.ann.id], codes[twin.id]), ("mail_optout", "mail_optout"))
        self._assert_reaches(ben, ("list_ids", "in", self.news.ids), ("id", "!=", twin.id))

    def test_an_opt_out_of_another_list_concerns_that_list(self):
        self._create_contact("Ann again", self.ann.email, self.other, opt_out=True)
        self._assert_reaches(self.ann, ("list_ids", "in", self.news.ids))

    def test_no_list_is_named(self):
        """All lists of a person count."""
        twin = self._create_contact("Ann again", self.ann.email, self.other, opt_out=True)
        self._assert_reaches(self.ann, ("id", "in", (self.ann + twin).ids))
        self._create_contact("Ann at last", self.ann.email, self.news, opt_out=True)
        self._assert_reaches(self.ann.browse(), ("id", "in", (self.ann + twin).ids))

    def test_contacts_without_an_address_are_no_twins(self):
        nobody = self.ann.browse()
        for opt_out in (True, False):
            nobody += self._create_contact("Nobody", False, self.news, opt_out)
        traces = self._assert_reaches(self.ann, ("list_ids", "in", self.news.ids))
        codes = {trace.res_id: trace.end_code for trace in traces}
        self.assertEqual([codes[one.id] for one in nobody], ["mail_email_missing"] * 2)
