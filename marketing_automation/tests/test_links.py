import itertools
import re
from datetime import timedelta
from urllib.parse import urlsplit

from lxml import html

from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, tagged

from ..models.tracking.link_tracker import CLICK, CONFIRM
from ..upgrade_links import mark_queued_links, set_confirm_urls
from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

LOGO = "https://shop.example.com"
THANKS = "https://shop.example.com/thanks"
SIGNED = re.compile(r"/r/(\w+)/m/(\d+)\?s=([0-9a-f]+)")
CONSENT_BODY = f"""
<div>
    <a href="{LOGO}"><img src="/logo.png" alt="Logo"/></a>
    <p>Hello <t t-out="object.name"/>, <t t-out="object.comment"/></p>
    <a class="btn" href="/marketing_automation/confirmed">Yes, subscribe me</a>
</div>
"""


@tagged("post_install", "-at_install")
class TestLinks(HttpCase, MarketingAutomationCommon):
    """What is signed, and what a click on it says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_template_editor()
        cls.ada, cls.ben = cls.contacts[:2]

    def _make(self, body=CONSENT_BODY, **template):
        """Start a campaign of one email, and an action for whoever clicks."""
        campaign = self._create_campaign()
        mailing = self._create_template("Welcome", body=body, **template)
        self.email = self._create_activity(campaign, "Welcome", "email", "begin", None, mass_mailing_id=mailing.id)
        self.clicked = self._create_action(campaign, "Clicked", "mail_click", self.email)
        self._start(campaign)
        return campaign

    def _make_consent(self, **template):
        self._make(**{"marketing_confirm_click": True, **template})
        self.mails = self._run_crons(self.start)

    def _send(self):
        return self._run_crons(self.start)

    def _message(self, contact):
        return self._trace(self.email, contact).mailing_trace_ids

    def _own_links(self, mail):
        """Return the tracked links of a mail, by their text or that of their picture."""
        links = html.fromstring(mail["body"]).xpath("//a[contains(@href, '/r/')]")
        urls = {(link.text_content().strip() or link.find("img").get("alt")): link.get("href") for link in links}
        return {label: f"{urlsplit(url).path}?{urlsplit(url).query}" for label, url in urls.items()}

    def _open(self, path, **options):
        with self._at(self.start + timedelta(hours=1)):
            response = self.url_open(path, allow_redirects=False, **options)
        self.env.invalidate_all()
        return response

    def _confirm(self, link):
        path, query = link.split("?")
        return self._open(
            f"{path.replace('/r/', '/marketing_automation/confirm/').replace('/m/', '/')}?{query}",
            data={"confirm": "1"},
        )

    def _events(self, contact):
        self._run_crons(self.start + timedelta(hours=2), EXECUTION_CRON)
        events = self._trace(self.email, contact).event_ids
        return sorted(set(events.mapped("event")) - {"sent"})

    def _clicks(self):
        return self.env["link.tracker.click"].search([("mass_mailing_id", "=", self.email.mass_mailing_id.id)])

    # ------------------------------------------------------------
    # What is signed
    # ------------------------------------------------------------

    def test_what_a_stranger_wrote_is_not_signed(self):
        """Neither text nor markup of a record's fields, whatever link of whatever message it looks like."""
        self._make(body=CONSENT_BODY)
        self._send()
        victim = self._message(self.ben)
        code = self.env["link.tracker"].search([("url", "=", LOGO), ("mass_mailing_id", "!=", False)]).code
        base = self.email.get_base_url()
        own = self.env["mailing.trace"].search([], order="id desc", limit=1).id + 1
        texts = [
            f"/r/{code}/m/{victim.id}",
            f"{base}/r/{code}/m/{victim.id}",
            f"{base}/r/{code}",
            f'href="{base}/r/{code}"',
            f'<a href="{base}/r/{code}">x</a>',
            *(f"/r/{code}/m/{own + number}" for number in range(3)),
        ]
        markup = [
            f'<a href="{base}/r/{code}">one</a>',
            f'<a href="{base}/r/{code}/m/{victim.id}">two</a>',
            *(f'<a href="{base}/r/{code}/m/{own + number}">three</a>' for number in range(3)),
            f'<a href="https://elsewhere.example.com/?u=/r/{code}/m/{victim.id}">four</a>',
            f'<img src="https://cdn.example.com/r/{code}/m/{victim.id}/x.png" alt="/r/{code}/m/{victim.id}">',
            f'<a href="{base}/r/{code}" title="&#34; href=&#34;{base}/r/{code}">five</a>',
            f"<p>{base}/r/{code}#ma-confirm-{'0' * 24}</p>",
        ]
        eve = self.env["res.partner"].create(
            {
                "name": " ".join(texts),
                "comment": "".join(markup),
                "email": "stranger@people.example.com",
                "category_id": [(4, self.category.id)],
            }
        )
        with self._at(self.start):
            self.email.campaign_id.action_update_participants()
        mail = self._mail_to(self._send(), eve)
        message = self._message(eve)
        signed = SIGNED.findall(mail["body"])
        own_links = self._own_links(mail)
        expected = [own_links[label] for label in ("Logo", "Yes, subscribe me", "four")]
        self.assertEqual([f"/r/{code}/m/{trace}?s={sign}" for code, trace, sign in sorted(signed)], sorted(expected))
        self.assertEqual({int(trace) for _code, trace, _sign in signed}, {message.id})
        self.assertNotIn("#ma-", mail["body"].replace("#ma-confirm-" + "0" * 24, ""))
        for text in (mail["body"], mail["body_alternative"]):
            self.assertNotIn(f"/m/{victim.id}?s=", text)
        # all the stranger wrote is there, as it was written
        self.assertIn(f"cdn.example.com/r/{code}/m/{victim.id}/x.png", mail["body"])
        self.assertIn(f"{base}/r/{code}/m/{victim.id} {base}/r/{code} ", html.fromstring(mail["body"]).text_content())
        for link in expected:
            self._open(link)
        self.assertEqual((self._events(eve), self._events(self.ben)), (["click", "open"], []))

    def test_others_read_no_signature(self):
        """What is kept in the record's history, and the page to view a mail in the browser."""
        self._make(keep_archives=True)
        mails = self._send()
        [kept] = self.env["mail.message"].search([("model", "=", "res.partner"), ("res_id", "=", self.ada.id)])[:1]
        self.assertIn("/r/", kept.body)
        self.assertNotIn("?s=", kept.body)
        self.assertNotIn("#ma-", kept.body)
        mail = self._mail_to(mails, self.ada)
        mailing = self.email.mass_mailing_id
        address = urlsplit(mailing.sudo()._get_view_url(self.ada.email, self.ada.id))
        page = self._open(f"{address.path}?{address.query}")
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("/r/", page.text)
        for _code, _trace, signature in SIGNED.findall(mail["body"]):
            self.assertNotIn(signature, page.text + kept.body)

    def test_second_trace_of_a_mail(self):
        """A mailing.trace that somebody added to a mail is not what its links are signed for."""
        self._make()
        self._run_crons(self.start, EXECUTION_CRON)
        mail = self._message(self.ada).mail_mail_id
        foreign = self.env["mailing.trace"].create(
            {
                "mail_mail_id": mail.id,
                "mass_mailing_id": self.email.mass_mailing_id.id,
                "model": "res.partner",
                "res_id": self.ben.id,
            }
        )
        sent = self._mail_to(self._run_crons(self.start, MAIL_CRON), self.ada)
        self.assertNotIn(f"/m/{foreign.id}?s=", sent["body"])

    # ------------------------------------------------------------
    # What a click says
    # ------------------------------------------------------------

    def test_no_address_of_ours_thanks_without_a_consent(self):
        """The page of thanks may be one's own, which thanks whoever comes: nothing but a confirmation leads there."""
        body = CONSENT_BODY.replace("/marketing_automation/confirmed", THANKS)
        self._make_consent(body=body, marketing_confirm_url=THANKS)
        mail = self._mail_to(self.mails, self.ada)
        button = self._own_links(mail)["Yes, subscribe me"]
        code = button.split("/")[2]
        news = self.env["mailing.mailing"].create({"subject": "News", "mailing_model_id": self.model_partner.id})
        values = {"mass_mailing_id": news.id, "model": "res.partner", "res_id": self.ada.id}
        ordinary = self.env["mailing.trace"].create(values)
        for path in (f"/r/{code}", f"/r/{code}/m/0", f"/r/{code}/m/{ordinary.id}", button.split("?")[0]):
            page = self._open(path)
            self.assertEqual(page.status_code, 200, path)
            self.assertIn("Nothing was confirmed yet", page.text)
        address = urlsplit(self.email.mass_mailing_id.sudo()._get_view_url(self.ada.email, self.ada.id))
        page = self._open(f"{address.path}?{address.query}")
        self.assertIn("Yes, subscribe me", page.text)
        self.assertNotIn(THANKS, page.text)
        self.assertEqual(self._events(self.ada), [])
        thanked = self._confirm(button)
        self.assertEqual(thanked.headers["Location"].split("?")[0], THANKS)

    def test_only_the_one_link_confirms(self):
        """Clicks on the others count in the Link Tracker, and consent to nothing."""
        self._make_consent()
        links = self._own_links(self._mail_to(self.mails, self.ada))
        logo, button = links["Logo"], links["Yes, subscribe me"]
        self.assertEqual(self._confirm(logo).status_code, 404)
        self.assertEqual(self._events(self.ada), [])
        opened = self._open(logo)
        self.assertEqual((opened.status_code, opened.headers["Location"].split("?")[0]), (303, LOGO))
        self.assertEqual((self._events(self.ada), len(self._clicks())), ([], 1))
        # the signature of one for the other
        _path, query = logo.split("?")
        self.assertEqual(self._confirm(f"{button.split('?')[0]}?{query}").status_code, 404)
        self.assertEqual(self._confirm(f"{logo.split('?')[0]}?{button.split('?')[1]}").status_code, 404)

        self.assertEqual(self._open(button).status_code, 200, "asked first")
        self.assertEqual(self._events(self.ada), [])
        for _again in range(3):
            answer = self._confirm(button)
            self.assertEqual(answer.status_code, 303)
            self.assertEqual(urlsplit(answer.headers["Location"]).path, "/marketing_automation/confirmed")
        self.assertEqual(self._events(self.ada), ["click", "open"])
        events = self._trace(self.email, self.ada).event_ids.filtered(lambda event: event.event == "click")
        self.assertEqual((len(events), events.source), (1, "confirmed from 127.0.0.1"))
        self.assertEqual(len(self._clicks()), 2, "the logo's, and one confirmation")
        page = self._open(button)
        self.assertEqual(urlsplit(page.headers["Location"]).path, "/marketing_automation/confirmed", "nothing to ask")
        self.assertTraces(self.clicked, {self.ada: "processed", self.ben: None})
        self.assertEqual(self.email.total_click, 1)

    def test_page_of_the_marketer(self):
        body = CONSENT_BODY.replace("/marketing_automation/confirmed", THANKS)
        self._make_consent(body=body, marketing_confirm_url=THANKS)
        links = self._own_links(self._mail_to(self.mails, self.ada))
        self.assertEqual(self._confirm(links["Logo"]).status_code, 404)
        answer = self._confirm(links["Yes, subscribe me"])
        self.assertEqual(answer.headers["Location"].split("?")[0], THANKS)
        self.assertEqual(self._events(self.ada), ["click", "open"])

    def test_a_link_says_what_it_said_when_it_was_sent(self):
        """Whatever becomes of the settings since."""
        self._make_consent()
        links = self._own_links(self._mail_to(self.mails, self.ada))
        self.email.mass_mailing_id.marketing_confirm_url = THANKS
        self.assertEqual(self._open(links["Yes, subscribe me"]).status_code, 200)
        self.email.mass_mailing_id.marketing_confirm_click = False
        self.assertEqual(self._open(links["Yes, subscribe me"]).status_code, 200)
        self.assertEqual(self._events(self.ada), [])
        self._confirm(links["Yes, subscribe me"])
        self.assertEqual(self._events(self.ada), ["click", "open"])

    def test_start_asks_for_the_link(self):
        for body in ("<p>Hello</p>", CONSENT_BODY.replace("/marketing_automation/confirmed", THANKS), ""):
            with self.assertRaisesRegex(UserError, "Confirmation Link"), self.cr.savepoint():
                self._make(body=body, marketing_confirm_click=True)
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self._make(marketing_confirm_click=True, mailing_type="sms", body_plaintext="Hello")

    def test_a_body_without_the_link_stops_its_campaign(self):
        campaign = self._make(marketing_confirm_click=True)
        self.email.mass_mailing_id.body_html = "<p>Hello</p>"
        self.assertFalse(self._run_crons(self.start))
        self.assertEqual(campaign.state, "stopped")
        self.assertIn("/marketing_automation/confirmed", campaign.stop_reason)

    def test_mails_of_the_first_release(self):
        """Their links were signed alike, whatever they were for, and go on counting."""
        self._make_consent()
        [button, logo] = self.env["link.tracker"].search(
            [("mass_mailing_id", "=", self.email.mass_mailing_id.id)], order="id desc"
        )
        links = {}
        for contact, link in itertools.product((self.ada, self.ben), (button, logo)):
            message = self._message(contact).id
            signature = self.env["mail.mail"]._get_marketing_link_signature(link.code, message)
            links[contact, link] = f"/r/{link.code}/m/{message}?s={signature}"
        self.assertEqual(self._confirm(links[self.ben, logo]).status_code, 404)
        self.assertEqual(self._open(links[self.ada, button]).status_code, 200)
        self.assertEqual(self._confirm(links[self.ada, button]).status_code, 303)
        self.assertEqual((self._events(self.ada), self._events(self.ben)), (["click", "open"], []))

    # ------------------------------------------------------------
    # What strangers send
    # ------------------------------------------------------------

    def test_ten_thousand_signatures(self):
        """Only the right one is accepted, for its link, its message and its purpose."""
        mails = self.env["mail.mail"]
        codes, messages = ("abc", "abC", "abcd", "ab"), (12, 1, 2, 21, 112)
        right = {
            (code, message, purpose): mails._get_marketing_link_signature(code, message, purpose)
            for code in codes
            for message in messages
            for purpose in (CLICK, CONFIRM)
        }
        self.assertEqual(len(set(right.values())), len(right))
        for (code, message, purpose), signature in right.items():
            self.assertEqual(mails._check_marketing_link_signature(code, message, signature), purpose)
        signature = right["abc", 12, CLICK]
        tried = {*right.values()} - {signature, right["abc", 12, CONFIRM]}
        tried |= {signature[:length] for length in range(len(signature))}
        tried |= {signature + more for more in ("0", " ", "\n", "\0", "=", "é", signature)}
        tried |= {more + signature for more in ("0", " ", "\0", "s=", "é")}
        tried |= {signature.upper(), signature.swapcase(), signature[::-1], "é", "\ud800", "\0", "0" * 10_000}
        tried |= {
            signature.translate(str.maketrans("0123456789", digits))
            for digits in ("٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９")
        }
        for position, character in itertools.product(range(len(signature)), range(0x20, 0x250)):
            tried.add(signature[:position] + chr(character) + signature[position + 1 :])
        tried.discard(signature)
        self.assertGreater(len(tried), 10_000)
        tried = [*tried, None, False, True, 0, signature.encode(), [signature], (signature,), {"s": signature}, mails]
        accepted = [given for given in tried if mails._check_marketing_link_signature("abc", 12, given)]
        self.assertEqual(accepted, [])

    def test_forged_by_http(self):
        self._make()
        link = self._own_links(self._mail_to(self._send(), self.ada))["Logo"]
        path, query = link.split("?")
        sign = query.removeprefix("s=")
        bad = "0" * len(sign)
        for forged in ("", "?s", f"?s[]={sign}", f"?s[0]={sign}", f"?S={sign}", f"?s={bad}&s={sign}", f"?s=%00{sign}",
                       f"?s={sign}%00", f"?s=%ff{sign}", f"?s={sign.upper()}x", "?s=%ED%A0%80"):  # fmt: skip
            self.assertEqual(self._open(path + forged).status_code, 301, forged)
        self.assertEqual((self._events(self.ada), len(self._clicks())), ([], 0))
        self.assertEqual(self._open(link).status_code, 301)
        self.assertEqual((self._events(self.ada), len(self._clicks())), (["click", "open"], 1))

    def test_addresses_that_cannot_be(self):
        """They lead nowhere, or where the link leads; none ends in a traceback."""
        self._make()
        self._send()
        message, code = self._message(self.ada), self.env["link.tracker"].search([("url", "=", LOGO)])[:1].code
        codes = ("%00", "x%00y", "%ff", "%C3%28", "%ED%A0%80", "x" * 20_000, "%25", "'", "%22%3E", "%F0%9F%98%80")
        numbers = ("0", "2147483648", "9" * 20, "9" * 5000, "007", "-1", "1.5", "abc", "%00", "%D9%A3", "%C2%B2", "")
        for bad, kind in itertools.product(codes, ("m", "s")):
            self.assertEqual(self._open(f"/r/{bad}/{kind}/{message.id}").status_code, 404, bad)
            self.assertEqual(self._open(f"/r/{bad}").status_code, 404, bad)
        for number, kind in itertools.product(numbers, ("m", "s")):
            self.assertIn(self._open(f"/r/{code}/{kind}/{number}").status_code, (301, 404), number)
        posts = [f"{bad}/{message.id}" for bad in codes] + [f"{code}/{number}" for number in numbers]
        for path in posts:
            response = self._open(f"/marketing_automation/confirm/{path}?s=x", data={"confirm": "1"})
            self.assertEqual(response.status_code, 404, path)
        file = {"s": ("s", b"x")}
        response = self._open(f"/marketing_automation/confirm/{code}/{message.id}", files=file, data={"confirm": "1"})
        self.assertEqual(response.status_code, 404)
        self.assertEqual(self._clicks().mailing_trace_id, message.browse())

    # ------------------------------------------------------------
    # The upgrade
    # ------------------------------------------------------------

    def test_upgrade_of_what_waits_in_the_queue(self):
        self._make(marketing_confirm_click=True)
        self._run_crons(self.start, EXECUTION_CRON)
        mails = self._message(self.ada).mail_mail_id + self._message(self.ben).mail_mail_id
        for mail in mails:  # as the first release composed them
            mail.body_html = self.env["link.tracker"]._remove_marks(mail.body_html)
            self.assertNotIn("#ma-", mail.body_html)
        mark_queued_links(self.env)
        link = self._own_links(self._mail_to(self._run_crons(self.start, MAIL_CRON), self.ada))["Yes, subscribe me"]
        self.assertEqual(self._confirm(link).status_code, 303)
        self.assertEqual(self._events(self.ada), ["click", "open"])

    def test_upgrade_of_confirmations(self):
        """The one link, or the one button; of several a person must choose."""
        cases = {
            "<a href='/marketing_automation/confirmed'>Yes</a><a class='btn' href='https://a.example.com'>A</a>": None,
            f"<a href='{THANKS}'>Yes</a><a href='/unsubscribe_from_list'>No</a><a href='mailto:a@b.c'>Mail</a>": THANKS,
            f"<a href='{LOGO}'>Logo</a><a class='btn btn-primary' href='{THANKS}'>Yes</a>": THANKS,
        }
        default = "/marketing_automation/confirmed"
        for body, address in cases.items():
            mailing = self._create_template(body[:40], body=body, marketing_confirm_click=True)
            self.assertFalse(set_confirm_urls(self.env), body)
            self.assertEqual(mailing.marketing_confirm_url, address or default, body)
        campaign = self._make(marketing_confirm_click=True)
        mailing = self.email.mass_mailing_id
        mailing.body_html = f"<a href='{LOGO}'>Logo</a><a href='{THANKS}'>Yes</a>"
        self.assertEqual(set_confirm_urls(self.env), campaign)
        self.assertEqual((campaign.state, mailing.marketing_confirm_url), ("stopped", default))
        self.assertIn("Confirmation Link", campaign.stop_reason)
