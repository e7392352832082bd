import re
from datetime import timedelta
from urllib.parse import urlsplit

from lxml import html

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import ENROLMENT_CRON, EXECUTION_CRON, MarketingAutomationCommon
from .mail_samples import delivery

TEMPLATES = ["hot_contacts", "welcome", "double_optin", "prospection"]


@tagged("post_install", "-at_install")
class TestTemplates(HttpCase, MarketingAutomationCommon):
    """The campaign templates, each from its card to its end, by a user without further rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            login="plain",
            name="Paula Plain",
            email="paula@marketing.example.com",
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )
        cls.templates = cls.env["marketing.campaign"].with_user(cls.user)
        cls.newsletter = cls.env.ref("mass_mailing.mailing_list_data")

    def _make(self, key):
        action = self.templates.create_from_template(key)
        self.assertEqual((action["res_model"], action["views"][0][1]), ("marketing.campaign", "form"))
        return self.env["marketing.campaign"].with_user(self.user).browse(action["res_id"])

    def _make_for_contacts(self, key):
        """Make a campaign for this test's contacts alone."""
        campaign = self._make(key)
        campaign.domain = repr([("category_id", "in", self.category.ids)])
        return campaign

    def _subscriber(self, name, **values):
        return self.env["mailing.contact"].create(
            {
                "name": name,
                "email": f"{name.lower()}@subscribers.example.com",
                "subscription_ids": [(0, 0, {"list_id": self.newsletter.id})],
                **values,
            }
        )

    def _activity(self, campaign, name):
        return campaign.marketing_activity_ids.filtered(lambda activity: activity.name == name)

    def _button(self, mail):
        """Return the path and query of the button of a mail."""
        [href] = [
            link.get("href") for link in html.fromstring(mail["body"]).iter("a") if "btn" in (link.get("class") or "")
        ]
        return f"{urlsplit(href).path}?{urlsplit(href).query}"

    def _get(self, path, **options):
        with self._at(self.start):
            return self.url_open(path, allow_redirects=False, **options)

    # ------------------------------------------------------------
    # All of them
    # ------------------------------------------------------------

    def test_cards(self):
        cards = [card for card in self.templates.get_campaign_templates() if card["key"] in TEMPLATES]
        self.assertEqual([card["key"] for card in cards], TEMPLATES)
        self.assertEqual(
            [card["icon"] for card in cards], ["fa-tag", "fa-hand-peace-o", "fa-check-square", "fa-search"]
        )
        self.assertTrue(all(card["name"] and card["summary"] for card in cards))

    def test_each_makes_a_ready_draft(self):
        for key in TEMPLATES:
            campaign = self._make(key)
            self.assertEqual((campaign.state, campaign.user_id), ("draft", self.user), key)
            self.assertFalse(campaign.warning_text, key)
            campaign.action_start_campaign()
            self.assertEqual(campaign.state, "running", key)
            for mailing in campaign.mailing_ids:
                for body in (mailing.body_arch, mailing.body_html):
                    self.assertNotIn("placeholder(", body)
                    self.assertIn('<t t-out="object.name"', body)

    def test_what_they_need_is_made_once(self):
        def count():
            return [
                self.env[model].with_context(active_test=False).search_count([])
                for model in ("mailing.list", "res.partner.category", "ir.actions.server")
            ]

        first = [self._make(key) for key in TEMPLATES]
        before = count()
        second = [self._make(key) for key in TEMPLATES]
        copies = [campaign.copy() for campaign in second]
        self.assertEqual(count(), before)
        for one, two, three in zip(first, second, copies, strict=True):
            actions = one.marketing_activity_ids.server_action_id
            self.assertEqual(two.marketing_activity_ids.server_action_id, actions)
            self.assertEqual(three.marketing_activity_ids.server_action_id, actions)
            self.assertEqual(two.domain, one.domain)

    def test_a_tag_that_was_renamed_is_found_again(self):
        self._make("hot_contacts")
        tag = self.env.ref("__marketing_automation_templates__.tag_hot")
        tag.name = "Burning"
        campaign = self._make("hot_contacts")
        self.assertEqual(campaign.marketing_activity_ids.server_action_id.sudo().resource_ref, tag)

    def test_in_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        view = self.env.ref("marketing_automation.template_email_welcome")
        view.update_field_translations("arch_db", {"fr_FR": {"Good to have you here": "Soyez les bienvenus"}})
        self.templates = self.templates.with_context(lang="fr_FR")
        self.assertIn("Soyez les bienvenus", self._make("hot_contacts").mailing_ids.body_html)

    def test_no_such_template(self):
        with self.assertRaisesRegex(UserError, "nothing"):
            self.templates.create_from_template("nothing")

    def test_sender(self):
        """The user's address, else the company's; without any, the message tells what to do."""
        self.assertEqual(self._make("welcome").mailing_ids.email_from, self.user.email_formatted)
        self.user.email = False
        self.assertEqual(self._make("welcome").mailing_ids.email_from, self.env.company.email_formatted)
        self.env.company.write({"email": False, "alias_domain_id": False})
        self.env["mail.alias.domain"].search([]).default_from = False
        with self.assertRaisesRegex(UserError, "your preferences"):
            self._make("welcome")

    def test_others_make_none(self):
        other = new_test_user(self.env, login="other", groups="mass_mailing.group_mass_mailing_user")
        for method, args in [("get_campaign_templates", []), ("create_from_template", ["welcome"])]:
            with self.assertRaises(AccessError):
                getattr(self.templates.with_user(other), method)(*args)

    # ------------------------------------------------------------
    # One by one
    # ------------------------------------------------------------

    def test_tag_hot_contacts(self):
        campaign = self._make_for_contacts("hot_contacts")
        self._start(campaign)
        mails = self._run_crons(self.start)
        ada, ben = self.contacts[:2]
        self.assertEqual(self._mail_to(mails, ada)["subject"], "Welcome, Ada!")
        self.assertIn(f'src="{campaign.get_base_url()}/logo.png?company=', self._mail_to(mails, ada)["body"])
        self._get(self._button(self._mail_to(mails, ada)))
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertIn("Hot", ada.category_id.mapped("name"))
        self.assertNotIn("Hot", ben.category_id.mapped("name"))
        self.assertIn(self.category, ada.category_id, "other tags stay")

    def test_welcome_flow(self):
        good, bad = self._subscriber("Good"), self._subscriber("Bad")
        stranger = self.env["mailing.contact"].create({"name": "Stranger", "email": "stranger@example.com"})
        campaign = self._make("welcome")
        self._start(campaign)
        self._run_crons(self.start)
        enrolled = campaign.participant_ids.mapped("res_id")
        self.assertTrue({good.id, bad.id} <= set(enrolled))
        self.assertNotIn(stranger.id, enrolled)
        welcome = self._activity(campaign, "Welcome")
        old = bad.email
        bad.email = "bad.again@example.com"
        with self._at(self.start):
            self._trace(welcome, bad).mailing_trace_ids.set_bounced()
            full = delivery("failed", "4.2.2", "452 4.2.2 Mailbox full").format(
                email=good.email,
                to=f"{self.alias_bounce}@{self.alias_domain}",
                id="full",
                subject="Full",
                message_id=self._trace(welcome, good).mailing_trace_ids.message_id,
            )
            self.env["mail.thread"].message_process(False, full)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(self._activity(campaign, "Welcome").total_bounce, 2)
        self.assertFalse(good.is_blacklisted, "its mailbox was full")
        blocklisted = set(self.env["mail.blacklist"].search([]).mapped("email"))
        self.assertEqual((old in blocklisted, bad.is_blacklisted), (True, False), "the address that bounced")

    def test_double_optin(self):
        """A scanner confirms nothing, the person does, and the evidence is kept."""
        campaign = self._make("double_optin")
        self._start(campaign)
        confirmed_list = self.env.ref("__marketing_automation_templates__.confirmed")
        person, scanned, unsubscriber = (self._subscriber(name) for name in ("Person", "Scanned", "Unsubscriber"))
        unsure = self._subscriber("Unsure")
        self._run_crons(self.start, ENROLMENT_CRON)
        mails = self._run_crons(self.start)

        def confirmed():
            self._run_crons(self.start, EXECUTION_CRON)
            return confirmed_list.contact_ids

        link = self._button(self._mail_to(mails, scanned))
        page = self._get(link)
        self.assertEqual(page.status_code, 200)
        self.assertIn('method="post"', page.text)
        self._get(link, headers={"User-Agent": "Barracuda Sentinel"})
        self.assertEqual(self._get(link, method="HEAD").status_code, 200)
        self.assertNotIn("Thank you", self._get("/marketing_automation/confirmed").text)
        self.assertFalse(confirmed(), "what a machine opens is no consent")
        unsubscribe = re.search(
            r'href="[^"]*(/mailing/\d+/confirm_unsubscribe[^"]*)"', self._mail_to(mails, unsubscriber)["body"]
        )
        self._get(unsubscribe[1].replace("&amp;", "&"))
        self.assertFalse(confirmed())

        page = self._get(self._button(self._mail_to(mails, person)))
        action = html.fromstring(page.text).get_element_by_id("confirm").get("action")
        self.assertEqual(self._get(action).status_code, 405, "only the page's POST confirms")
        forged = self._get(action.replace("s=", "s=0"), data={"confirm": "1"})
        self.assertEqual(forged.status_code, 404)
        self.assertFalse(confirmed())
        answer = self._get(action, data={"confirm": "1"})
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(urlsplit(answer.headers["Location"]).path, "/marketing_automation/confirmed")
        thanks = urlsplit(answer.headers["Location"])
        self.assertIn("Thank you", self._get(f"{thanks.path}?{thanks.query}").text)
        self.assertEqual(confirmed(), person)
        trace = self._trace(self._activity(campaign, "Ask for confirmation"), person)
        click = trace.event_ids.filtered(lambda event: event.event == "click")
        self.assertRegex(click.source, r"confirmed from 127\.0\.0\.1")
        self.assertTrue(click.date)
        self._get(action, data={"confirm": "1"})
        self.assertEqual(confirmed(), person)
        self.assertNotIn(unsure, confirmed_list.contact_ids)

    def test_double_optin_asks_nobody_who_is_blocklisted(self):
        self.env["mail.blacklist"]._add("blocked@subscribers.example.com")
        blocked, empty = self._subscriber("Blocked"), self._subscriber("Empty", email=False)
        campaign = self._make("double_optin")
        self._start(campaign)
        self.assertFalse({blocked.id, empty.id} & set(campaign.participant_ids.mapped("res_id")))

    def test_commercial_prospection(self):
        ada, ben, cleo = self.contacts[:3]
        self.contacts.user_id = self.marketer
        campaign = self._make_for_contacts("prospection")
        self._start(campaign)
        mails = self._run_crons(self.start)
        self._get(self._button(self._mail_to(mails, ada)))
        catalogue = self._activity(campaign, "Free catalog")
        with self._at(self.start):
            self._trace(catalogue, ben).mailing_trace_ids.set_opened()
            self._trace(catalogue, ben).mailing_trace_ids.set_replied()
        self._run_crons(self.start + timedelta(minutes=1))
        self.assertEqual(ben.activity_ids.mapped("summary"), ["Answer the reply"])
        self.assertFalse(ada.activity_ids)
        self._run_crons(self.start + timedelta(days=1, minutes=1))
        [call] = ada.activity_ids
        self.assertEqual(
            (call.activity_type_id, call.user_id), (self.env.ref("mail.mail_activity_data_call"), self.marketer)
        )
        mails = self._run_crons(self.start + timedelta(days=3, minutes=1))
        subjects = {str(mail["email_to"]): mail["subject"] for mail in mails}
        self.assertEqual(len(subjects), 3, "who did not open it: Cleo, Dan and Eve")
        self.assertEqual(self._mail_to(mails, cleo)["subject"], "Did you see our catalog?")

    def test_shipped_action_needs_no_right_of_the_user(self):
        """The addon's own code writes what the user may not; and only that."""
        self.assertFalse(self.contacts[0].with_user(self.user).has_access("write"))
        campaign = self._make_for_contacts("hot_contacts")
        action = campaign.marketing_activity_ids.server_action_id
        with self.assertRaises(AccessError):
            action.with_user(self.user).write({"update_path": "name"})
        with self.assertRaises(AccessError):
            action.with_user(self.user).with_context(
                active_model="res.partner", active_id=self.contacts[0].id, active_ids=self.contacts.ids
            ).run()
        with self.assertRaisesRegex(ValidationError, "Mailing Contact"), self.cr.savepoint():
            self._make("welcome").marketing_activity_ids.filtered("server_action_id").server_action_id = action

    def test_action_of_an_uninstalled_addon_has_the_rights_of_the_user(self):
        campaign = self._make_for_contacts("hot_contacts")
        tag = self._activity(campaign, "Tag as Hot")
        tag.write({"trigger_type": "begin", "parent_id": False})
        self._start(campaign)
        self.patch(self.env.registry["marketing.campaign"], "_get_template_actions", lambda self: {})
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(tag, dict.fromkeys(self.contacts, "error"))
        self.assertFalse(self.contacts.category_id.filtered(lambda category: category.name == "Hot"))

    def test_changed_action_has_the_rights_of_the_user(self):
        campaign = self._make_for_contacts("hot_contacts")
        tag = self._activity(campaign, "Tag as Hot")
        tag.write({"trigger_type": "begin", "parent_id": False})
        tag.server_action_id.sudo().write({"update_path": "name", "value": "Mine", "resource_ref": False})
        with self.assertRaisesRegex(UserError, "“Tag as Hot”.* Paula Plain may not change “Contact”"):
            self._start(campaign)
        contacts = self.env.ref("base.group_partner_manager")
        self.user.group_ids += contacts
        self._start(campaign)
        self.user.group_ids -= contacts
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(tag, dict.fromkeys(self.contacts, "error"))
        self.assertNotIn("Mine", self.contacts.mapped("name"))
