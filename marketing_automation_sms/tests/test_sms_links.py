import itertools
import re
from datetime import timedelta
from uuid import uuid4

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from .common import MarketingAutomationSmsCommon

SIGNED = re.compile(r"/r/\w+/s/\d+\?s=\w+")
SHOP = "https://shop.example.com/catalogue"


@tagged("post_install", "-at_install")
class TestSmsLinks(MarketingAutomationSmsCommon):
    """What is signed in text messages, and who may say what became of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, *_rest = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.text = cls._create_sms(cls.campaign, "Sale", template={"keep_archives": True})
        cls.mailer = new_test_user(cls.env, "mailer", groups="base.group_user,mass_mailing.group_mass_mailing_user")

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self.messages = self._run_sms(self.start)

    def _events(self, contact):
        self.env.invalidate_all()
        return self._trace(self.text, contact).event_ids.mapped("event")

    def test_what_a_stranger_wrote_is_not_signed(self):
        victim = self._message(self.text, self.ada).sms_id_int
        code = self.env["link.tracker"].search([("mass_mailing_id", "=", self.text.mass_mailing_id.id)]).code
        base = self.text.get_base_url()
        next_ids = range(self.env["mailing.trace"].search([], order="sms_id_int desc", limit=1).sms_id_int + 1, 99)
        texts = [
            f"/r/{code}/s/{victim}",
            f"{base}/r/{code}/s/{victim}",
            f"{base}/r/{code}",
            f"{base}/r/{code}#ma-click-{'0' * 24}",
            *(f"{base}/r/{code}/s/{sms_id}" for sms_id in itertools.islice(next_ids, 3)),
        ]
        eve = self.env["res.partner"].create(
            {"name": " ".join(texts), "phone": "+32456000099", "category_id": [(4, self.category.id)]}
        )
        with self._at(self.start):
            self.campaign.action_update_participants()
        body = self._sms_to(self._run_sms(self.start), eve)["body"]
        message = self._message(self.text, eve)
        [link] = SIGNED.findall(body)
        self.assertIn(f"/s/{message.sms_id_int}?s=", link)
        self.assertTrue(body.endswith(f"see {base}{link} now"), body)
        # what the record's history keeps
        history = [("model", "=", "res.partner"), ("res_id", "=", eve.id), ("message_type", "=", "sms")]
        logged = self.env["mail.message"].search(history).body
        self.assertIn(f"{base}/r/{code}", logged)
        self.assertNotIn("?s=", logged)
        self.assertEqual(logged.count("#ma-"), logged.count("#ma-click-" + "0" * 24), "none but the stranger's")

    def test_the_full_stop_of_a_sentence_is_no_part_of_its_link(self):
        campaign = self._create_campaign(name="News")
        body = f"Look at {SHOP}. Or at {SHOP}/new?a=b! Not {SHOP}/view, {SHOP}/a.html?"
        text = self._create_sms(campaign, "News", template={"body_plaintext": body})
        self._start(campaign)
        sent = self._sms_to(self._run_sms(self.start), self.ada)["body"]
        links = self.env["link.tracker"].search([("mass_mailing_id", "=", text.mass_mailing_id.id)])
        wanted = {SHOP, f"{SHOP}/new?a=b", f"{SHOP}/view", f"{SHOP}/a.html"}
        self.assertEqual(set(links.mapped("url")), wanted)
        words = re.sub(r"https?://\S*?/r/\w+/s/\d+\?s=\w+", "LINK", sent)
        self.assertTrue(words.startswith("Look at LINK. Or at LINK! Not LINK, LINK?"), sent)

    def test_brackets_and_commas_in_a_link(self):
        """The whole address is counted, and what stands around it stays text."""
        campaign = self._create_campaign(name="News")
        book = f"{SHOP}/Dune_(novel),_part_[1]"
        body = f"Read {book}; ({SHOP}?a=b(c)), *{SHOP}/sale*, [{SHOP}/x;y=1]"
        text = self._create_sms(campaign, "News", template={"body_plaintext": body})
        wanted = {book, f"{SHOP}?a=b(c)", f"{SHOP}/sale", f"{SHOP}/x;y=1"}
        self.assertEqual({url for url, _label in text.mass_mailing_id._get_marketing_links()}, wanted)
        self._start(campaign)
        sent = self._sms_to(self._run_sms(self.start), self.ada)["body"]
        links = self.env["link.tracker"].search([("mass_mailing_id", "=", text.mass_mailing_id.id)])
        self.assertEqual(set(links.mapped("url")), wanted)
        words = re.sub(r"https?://\S*?/r/\w+/s/\d+\?s=\w+", "LINK", sent)
        self.assertTrue(words.startswith("Read LINK; (LINK), *LINK*, [LINK]"), sent)

    def test_reports_by_hand(self):
        """Who knows a tracker's number can report in the provider's name: users of SMS Marketing know none of ours."""
        message = self._message(self.text, self.ada)
        tracker_ids = message.sms_tracker_ids.ids
        own = self.env["sms.tracker"].create({"sms_uuid": uuid4().hex})
        for user in (self.mailer, self.marketer):
            trackers = self.env["sms.tracker"].with_user(user)
            self.assertEqual(trackers.search([]), own)
            for method, args in (
                ("read", [tracker_ids, ["sms_uuid"]]),
                ("write", [tracker_ids, {"sms_uuid": uuid4().hex}]),
                ("unlink", [tracker_ids]),
                ("create", [{"sms_uuid": uuid4().hex, "mailing_trace_id": message.id}]),
                ("write", [own.ids, {"mailing_trace_id": message.id}]),
            ):
                with self.subTest(user=user.login, method=method), self.assertRaises(AccessError), self.cr.savepoint():
                    call_kw(trackers, method, args, {})
            self.env.invalidate_all()
            self.assertFalse(message.with_user(user).sms_tracker_ids, "nor by way of their message")
        self.assertEqual(self._events(self.ada), ["sent"])

    def test_second_message_of_a_number(self):
        """One that a user made for the number of a campaign's SMS keeps nobody's click from counting."""
        message = self._message(self.text, self.ada)
        mailing = self.env["mailing.mailing"].create({"subject": "x", "mailing_type": "sms"})
        self.env["mailing.trace"].with_user(self.mailer).create(
            {
                "trace_type": "sms",
                "sms_id_int": message.sms_id_int,
                "mass_mailing_id": mailing.id,
                "model": "res.partner",
                "res_id": self.ben.id,
            }
        )
        with self._at(self.start + timedelta(hours=1)):
            response = self.url_open(self._link(self._sms_to(self.messages, self.ada)), allow_redirects=False)
        self.assertEqual(response.status_code, 301)
        self.assertEqual(sorted(self._events(self.ada)), ["click", "open", "sent"])

    def test_addresses_that_cannot_be(self):
        """They lead nowhere, without a traceback."""
        mailing = self.text.mass_mailing_id
        for path in (f"/sms/{mailing.id}/%00", f"/sms/{mailing.id}/unsubscribe/a%00", f"/sms/{mailing.id}/%FF"):
            self.assertIn(self.url_open(path, allow_redirects=False).status_code, (303, 404), path)

    def test_ten_thousand_signatures(self):
        texts = self.env["sms.sms"]
        signature = texts._get_marketing_link_signature("abc", 12)
        self.assertTrue(texts._check_marketing_link_signature("abc", 12, signature))
        tried = {texts._get_marketing_link_signature(code, 12) for code in ("abC", "ab", "abcd", "bc")}
        tried |= {texts._get_marketing_link_signature("abc", sms_id) for sms_id in (1, 2, 21, 112)}
        tried |= {self.env["mail.mail"]._get_marketing_link_signature("abc", 12)}
        tried |= {signature[:length] for length in range(len(signature))}
        tried |= {signature + more for more in ("0", " ", "\n", "\0", "é")} | {"\0" + signature, " " + signature}
        tried |= {signature.swapcase(), "é", "\ud800", "0" * 10_000}
        for position, character in itertools.product(range(len(signature)), range(0x20, 0x440)):
            tried.add(signature[:position] + chr(character) + signature[position + 1 :])
        tried.discard(signature)
        self.assertGreater(len(tried), 10_000)
        accepted = [
            given
            for given in (*tried, None, False, True, 0, signature.encode(), [signature])
            if texts._check_marketing_link_signature("abc", 12, given)
        ]
        self.assertEqual(accepted, [])
