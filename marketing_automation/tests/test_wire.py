import re
from email.generator import BytesGenerator
from io import BytesIO

from lxml import html

from odoo.tests import tagged
from odoo.tools.mail import email_normalize

from odoo.addons.link_tracker.models.link_tracker import LinkTracker as OdooLinkTracker

from .common import MarketingAutomationCommon

BODY = """
<div>
    <h1 id="top">News</h1>
    <a href="#below">Read on</a>
    <a href="https://shop.example.com/view/12">See it</a>
    <a href="https://shop.example.com/cards">Cards</a>
    <a href="/view">In the browser</a>
    <a href="mailto:us@example.com">Write to us</a>
    <p id="below"><a href="/unsubscribe_from_list">Unsubscribe</a></p>
</div>
"""
PERSONAL = """
<div>
    <a t-attf-href="https://shop.example.com/account/{{ object.id }}">Your account</a>
    <a href="https://shop.example.com/offers">Offers</a>
</div>
"""


@tagged("post_install", "-at_install")
class TestWire(MarketingAutomationCommon):
    """A campaign's email as it leaves."""

    def _send(self, body=BODY, subject="Welcome"):
        self._make_template_editor()
        campaign = self._create_campaign()
        mailing = self._create_template(subject, body=body)
        self.email = self._create_activity(campaign, "Welcome", "email", "begin", None, mass_mailing_id=mailing.id)
        self._start(campaign)
        return self._run_crons(self.start)

    def _to_bytes(self, mail):
        names = ("email_from", "email_to", "subject", "body", "body_alternative", "headers", "reply_to", "message_id")
        values = {name: mail[name] for name in names if mail.get(name)}
        message = self.env["ir.mail_server"]._build_email__(subtype="html", subtype_alternative="plain", **values)
        wire = BytesIO()
        BytesGenerator(wire, policy=message.policy.clone(utf8=True)).flatten(message, linesep="\r\n")
        return wire.getvalue().decode()

    def test_the_fields_of_a_mailing_list_stay_readable(self):
        """Python 3.11 writes a List-Unsubscribe of more than a line in encoded words, which RFC 2369 does not allow."""
        for mail in self._send():
            wire = self._to_bytes(mail)
            head = wire.split("\r\n\r\n", 1)[0]
            [address] = re.findall(r"(?m)^List-Unsubscribe: <(https?://[^<>\s]+)>\r$", head)
            self.assertGreater(len(address), 78, "it is longer than a line")
            self.assertIn("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", head)
            self.assertNotRegex(head, r"(?im)^(message-id|references|return-path|reply-to|to|from):.*=\?")
            self.assertLess(max(map(len, wire.split("\r\n"))), 998)

    def test_the_text_part_leads_where_the_other_does(self):
        for mail in self._send():
            text, body = mail["body_alternative"], html.fromstring(mail["body"])
            [unsubscribe] = body.xpath("//a[. = 'Unsubscribe']/@href")
            [view] = body.xpath("//a[. = 'In the browser']/@href")
            recipient = mail["email_to"][0]
            self.assertNotIn(email_normalize(recipient).split("@")[0], unsubscribe, "filters take that for phishing")
            self.assertRegex(text, rf"(?m)^\[\d+\] {re.escape(unsubscribe)}$")
            self.assertRegex(text, rf"(?m)^\[\d+\] {re.escape(view)}$")
            self.assertNotIn("blank", text, "nobody wants to read about the pixel")
            self.assertIn("blank.gif", mail["body"])

    def test_pages_below_the_web_view(self):
        """Odoo completes whatever begins with "/view": here a page, a picture and a word are none of its business."""
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        body = f"""
            <div>
                <a href="/view/12">Twelve</a>
                <a href="{base}/viewer?of=7">Viewer</a>
                <a href="/unsubscribe_from_list/why">Why</a>
                <img src="/view/12.png" alt="A map"/>
                <p>See {base}/views.</p>
                <a href="/view?x=1">In the browser</a>
                <a href="/unsubscribe_from_list">Unsubscribe</a>
            </div>
        """
        [mail, *_others] = self._send(body)
        root = html.fromstring(mail["body"])
        links = {link.text: link.get("href") for link in root.iter("a")}
        self.assertEqual(
            {label for label, address in links.items() if "/r/" in address}, {"Twelve", "Viewer", "Why"}, mail["body"]
        )
        self.assertIn(f"/mailing/{self.email.mass_mailing_id.id}/view?", links["In the browser"])
        self.assertEqual(root.xpath("//img[@alt]/@src"), [f"{base}/view/12.png"])
        self.assertIn(f"See {base}/views.", root.text_content())
        tracked = self.env["link.tracker"].search([("mass_mailing_id", "=", self.email.mass_mailing_id.id)])
        self.assertEqual(
            set(tracked.mapped("url")), {f"{base}/view/12", f"{base}/viewer?of=7", f"{base}/unsubscribe_from_list/why"}
        )

    def test_which_links_are_counted(self):
        """Those that lead elsewhere, whatever their path is called; neither Odoo's own pages nor anchors."""
        [mail, *_others] = self._send()
        links = {link.text: link.get("href") for link in html.fromstring(mail["body"]).iter("a")}
        self.assertEqual({label for label, address in links.items() if "/r/" in address}, {"See it", "Cards"})
        self.assertEqual(links["Read on"], "#below")
        self.assertEqual(links["Write to us"], "mailto:us@example.com")

    def test_links_of_each_recipient_are_looked_up_together(self):
        """And nobody asks the site for its title, which may take long, or use up a link that works once."""
        self.env["res.partner"].create(
            [
                {
                    "name": f"N{number}",
                    "email": f"n{number}@people.example.com",
                    "category_id": self.contacts.category_id.ids,
                }
                for number in range(20)
            ]
        )
        calls = []

        def create(links, vals_list):
            calls.append(len(vals_list))
            return real(links, vals_list)

        real = OdooLinkTracker.create
        self.patch(OdooLinkTracker, "create", create)
        mails = self._send(PERSONAL)
        urls = self.env["link.tracker"].search([("mass_mailing_id", "=", self.email.mass_mailing_id.id)]).mapped("url")
        self.assertEqual(len(urls), len(mails) + 1)
        self.assertEqual(calls, [len(mails) + 1])

    def test_the_source_in_links_can_be_read(self):
        for subject, source in (
            ("Welcome", "Welcome"),
            ("Welcome, {{ object.name }}!", "Welcome [2]"),
            ("{{ object.name }}, your offer", "your offer"),
            ("{{ object.name }}", "Email"),
            ("A subject that is longer than what Odoo keeps", "A subject that is longer than what Odoo keeps"),
        ):
            mailing = self._create_template(subject)
            self.assertEqual(mailing.source_id.name, source)
        mailing.subject = "Goodbye, {{ object.name }}"
        self.assertEqual(mailing.source_id.name, "Goodbye")

    def test_the_campaign_in_links_can_be_read(self):
        """Its name has no record whose values could be filled in."""
        for name, identifier in (
            ("May sale!", "May sale!"),
            ("For {{ object.name }}: spring", "For: spring"),
            ("{{ object.country_id.name ||| all }}", "Campaign"),
        ):
            campaign = self._create_campaign(name=name)
            self.assertEqual((campaign.sudo().utm_campaign_id.name, campaign.name), (identifier, name))
        campaign.name = "{{ object.name }} in June"
        self.assertEqual(campaign.sudo().utm_campaign_id.name, "in June")
        self.assertEqual(campaign.sudo().utm_campaign_id.title, "{{ object.name }} in June")
