import re
from html import escape, unescape

from odoo.service.model import call_kw
from odoo.tests import Form, HttpCase, tagged

from .test_template_texts import NoviceCase

GOOD = """
<div id="top"><p>Hello <t t-out="object.name"/>, <a href="https://shop.mine.be/sale">The sale</a>
<a href="mailto:us@mine.be">Write to us</a> <a href="#top">Up</a>
<a href="www.mine.be">Us</a> <a href="/shop?page=2">Shop</a></p>
<img src="/web/image/7" alt="A cat"/><img src="/web/image/8" role="presentation"/>
<a href="/view">View</a> <a href="/unsubscribe_from_list">Unsubscribe</a></div>
"""
# What the blocks and themes of Odoo's editor lead to
LEFT = re.compile(r'<a\b[^>]* href="(https?://[^"{]*)"')
# by what the body has in place of the sale's link: what is said of it
LINKS = {
    "http://www.example.com": "placeholder_link",
    "https://example.org/sale": "placeholder_link",
    "https://www.facebook.com/Odoo": "placeholder_link",
    "http://shop.test": "placeholder_link",
    "": "broken",
    "#": "broken",
    "#nowhere": "broken",
    "http://": "broken",
    "https://https://shop.mine.be": "broken",
    "http://[shop": "broken",
    "http://shop.mine.be:port": "broken",
    "http:shop.mine.be": "broken",
    "javascript:alert(1)": "broken",
    "mailto:": "broken",
    "shop mine": "broken",
}


@tagged("post_install", "-at_install")
class TestChecklist(NoviceCase, HttpCase):
    """What is said of a message before it goes out; a sender who only sees warnings can start anyway."""

    def setUp(self):
        super().setUp()
        self.env.company.email = "info@mine.be"
        self.env.company.uses_default_logo = False
        self.campaign = self._create_campaign_of_novice()
        _email, self.template = self._create_email_of_novice(self.campaign)
        self.template.write({"body_html": GOOD, "email_from": "Nora <nora@news.mine.be>"})

    def _checks(self):
        [message] = call_kw(self.campaign.browse(), "get_checklist", [self.campaign.ids], {})
        return {check["code"]: check for check in message["checks"]}

    def _check_body(self, old, new):
        self.template.sudo().body_html = GOOD.replace(old, new)
        return self._checks()

    def test_nothing_to_mend(self):
        self.assertEqual(self._checks(), {})

    def test_links(self):
        """By their address alone; each is named by its words."""
        for href, code in LINKS.items():
            with self.subTest(href):
                checks = self._check_body("https://shop.mine.be/sale", href)
                self.assertEqual(list(checks), [code])
                self.assertIn("“The sale”", checks[code]["text"])
                self.assertEqual(checks[code]["page"], "mail_body")

    def test_several_links_with_one_address(self):
        """Each is named by its own words, and found by them; what reads the same is told once."""
        self.template.sudo().body_html = GOOD + '<a href="#">More</a> <a href="#"> Read  on</a> <a href="#">More</a>'
        [message] = call_kw(self.campaign.browse(), "get_checklist", [self.campaign.ids], {})
        self.assertEqual([check["where"]["words"] for check in message["checks"]], ["More", "Read on"])
        for check in message["checks"]:
            self.assertIn(f"“{check['where']['words']}” leads nowhere", check["text"])

    def test_whose_fault_an_example_is(self):
        """The template left what its blocks and buttons bring as they come; what somebody typed it did not."""
        self.env.company.website = "https://www.mycompany.com"
        cases = {
            **dict.fromkeys(("http://www.example.com", "https://www.example.com/", "https://twitter.com/Odoo"), True),
            **dict.fromkeys(("https://www.mycompany.com", "https://www.mycompany.com/"), True),
            **dict.fromkeys(("https://shop.example.com", "https://www.example.com/sale", "http://shop.test"), False),
            **dict.fromkeys(("https://www.mycompany.com/sale", "https://www.yourcompany.com"), False),
        }
        for href, is_left in cases.items():
            with self.subTest(href):
                text = self._check_body("https://shop.mine.be/sale", href)["placeholder_link"]["text"]
                said = ("which the template left there" in text, "only for examples" in text)
                self.assertEqual(said, (is_left, not is_left))
                self.assertIn(href, text)

    def test_each_theme_as_it_comes(self):
        """What the editor's blocks and themes bring is named, whosever page it is."""
        views = self.env["ir.ui.view"].search([("key", "like", "mass_mailing"), ("type", "=", "qweb")])
        brought = {unescape(href) for view in views for href in LEFT.findall(view.arch)}
        self.assertLess({"https://www.example.com", "https://www.facebook.com/Odoo"}, brought)
        self.assertGreater(len(brought), 10)
        links = "".join(f'<a href="{escape(href)}">{number}</a>' for number, href in enumerate(sorted(brought)))
        self.template.sudo().body_html = GOOD.replace("Hello", links)
        [message] = self.campaign.get_checklist()
        for number, href in enumerate(sorted(brought)):
            with self.subTest(href):
                [text] = [check["text"] for check in message["checks"] if f"“{number}”" in check["text"]]
                self.assertIn("which the template left there", text)

    def test_a_button_that_leads_to_this_odoo(self):
        checks = self._check_body("https://shop.mine.be/sale", self.template.get_base_url())
        self.assertEqual(list(checks), [] if "website" in self.env else ["placeholder_link"])

    def test_no_link_to_unsubscribe(self):
        checks = self._check_body('<a href="/unsubscribe_from_list">Unsubscribe</a>', "")
        self.assertEqual(list(checks), ["unsubscribe"])

    def test_pictures(self):
        self.assertEqual(list(self._check_body(' alt="A cat"', "")), ["alt"])
        theme = "/mass_mailing_themes/static/src/img/theme_event/s_default_image_logo.png"
        self.assertIn("s_default_image_logo.png", self._check_body("/web/image/7", theme)["placeholder_image"]["text"])
        logo = ("/web/image/7", "/logo.png?company=1")
        self.assertEqual(self._check_body(*logo), {})
        self.env.company.uses_default_logo = True
        self.assertIn("Your logo", self._check_body(*logo)["placeholder_image"]["text"])

    def test_sender(self):
        for sender, found in (("Us <us@mine.be>", []), ("us@other.be", ["sender"]), ("us@gmail.com", ["sender"])):
            self.template.email_from = sender
            self.assertEqual(list(self._checks()), found, sender)
        self.assertEqual(self._checks()["sender"]["page"], "mail_body")
        self.env["ir.mail_server"].create({"name": "Other", "smtp_host": "mail.other.be", "from_filter": "other.be"})
        self.template.email_from = "us@other.be"
        self.assertEqual(self._checks(), {}, "a mail server sends for it")

    def test_what_is_cut_and_what_is_not_replaced(self):
        checks = self._check_body("Hello", "Hello {{ object.name }}" + "x" * 100_000)
        self.assertEqual(set(checks), {"size", "braces"})

    def test_confirmation(self):
        self.template.write({"marketing_confirm_click": True, "marketing_confirm_url": "https://shop.mine.be/thanks"})
        self.assertTrue(self._checks()["confirmation"]["blocks"])
        self.template.marketing_confirm_url = "https://shop.mine.be/sale"
        self.assertEqual(self._checks(), {})

    def test_each_template_as_it_comes(self):
        """What nobody has replaced is named; what is well written is not."""
        self.env.company.write({"website": "https://www.example.com", "uses_default_logo": True})
        campaigns = self.env["marketing.campaign"].with_user(self.novice)
        for template in campaigns.get_campaign_templates():
            campaign = campaigns.browse(campaigns.create_from_template(template["key"])["res_id"])
            for message in campaign.get_checklist():
                codes = {check["code"] for check in message["checks"]} - {"sender"}
                with self.subTest(template["key"], message=message["subject"]):
                    self.assertLessEqual(codes, {"placeholder_link", "placeholder_image"})
                    if message["type"] == "mail":
                        self.assertIn("placeholder_image", codes)

    def test_start_in_spite_of_it(self):
        self._check_body("https://shop.mine.be/sale", "http://www.example.com")
        wizard = Form(
            self.env["marketing.campaign.start"]
            .with_user(self.novice)
            .with_context(default_campaign_id=self.campaign.id)
        ).save()
        self.assertEqual([message["subject"] for message in wizard.checklist if message["checks"]], ["Welcome"])
        with self._at(self.start):
            wizard.action_start()
        self.assertEqual(self.campaign.state, "running")

    def test_in_the_browser(self):
        """From the draft, and from Start: each has the button that mends it, on the right page."""
        body = GOOD.replace("https://shop.mine.be/sale", "#")
        self.template.write({"body_arch": body, "body_html": body, "email_from": "us@other.be"})
        url = f"/odoo/marketing-automation/{self.campaign.id}"
        self.start_tour(url, "marketing_automation_checklist", login="novice", timeout=120)
        self.assertEqual(self.template.email_from, "us@mine.be")
        self.assertEqual(self.campaign.state, "running")

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def test_where_only_the_confirmation_counts(self):
        """A card does not promise that any link will do."""
        email = self.campaign.marketing_activity_ids
        tag = self._create_action(self.campaign, "Tag", "mail_click", email)
        self.assertEqual(tag.trigger_label, "As soon as a link in “Welcome” is clicked")
        self.template.write({"marketing_confirm_click": True, "marketing_confirm_url": "https://shop.mine.be/sale"})
        self.assertEqual(tag.trigger_label, "As soon as the confirmation link in “Welcome” is clicked")
        cards = {card["name"]: card for card in self.campaign.get_workflow_cards()["cards"]}
        self.assertEqual(cards["Tag"]["chip"], "Confirmed · at once")
        labels = {way["trigger"]: way["label"] for way in cards["Welcome"]["ways"]}
        self.assertEqual((labels["mail_click"], labels["mail_not_click"]), ("Confirmed", "Not confirmed"))
        self.assertIn("Confirmed", [metric["label"] for metric in cards["Welcome"]["metrics"]])
        tag.write({"trigger_type": "mail_not_click", "interval_number": 2, "interval_type": "days"})
        self.assertEqual(tag.trigger_label, "2 days after “Welcome” was sent, if not confirmed by then")

    def test_dialogs_by_keyboard(self):
        self.start_tour(
            f"/odoo/marketing-automation/{self.campaign.id}", "marketing_automation_keyboard", login="novice"
        )
