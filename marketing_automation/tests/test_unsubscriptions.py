import itertools
from datetime import timedelta
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from odoo import http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestUnsubscriptions(MarketingAutomationCommon, HttpCase):
    """Who unsubscribes, by which way, and what ends with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben = cls.contacts[:2]
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome", interval_number=0)
        cls.left = cls._create_action(cls.campaign, "Left", "mail_unsubscribe", cls.email)
        cls.second = cls._create_campaign(name="Second")
        cls.waiting = cls._create_email(cls.second, "Waiting", interval_number=3, interval_type="days")
        cls.news, cls.club = cls.env["mailing.list"].create([{"name": "News", "is_public": True}, {"name": "Club"}])
        cls.subscribers = cls.env["mailing.contact"].create(
            [
                {"name": name, "email": f"{name}@lists.example.com", "list_ids": [(6, 0, (cls.news + cls.club).ids)]}
                for name in ("uma", "vic")
            ]
        )
        cls.listed = cls.env["marketing.campaign"].create(
            {
                "name": "Listed",
                "user_id": cls.marketer.id,
                "model_id": cls.env["ir.model"]._get("mailing.contact").id,
                "domain": repr([("list_ids", "in", cls.news.ids)]),
            }
        )
        cls.listed_email = cls._create_email(cls.listed, "Listed", interval_number=0)
        cls.listed_later = cls._create_email(
            cls.listed, "Listed later", "activity", cls.listed_email, interval_number=2, interval_type="days"
        )

    def setUp(self):
        super().setUp()
        for campaign in (self.campaign, self.second, self.listed):
            self._start(campaign)
        self._run_crons(self.start)
        self.later = self.start + timedelta(hours=1)

    def _retry(self, trace):
        with self._at(self.later):
            trace.with_user(self.marketer).action_retry()

    def _unsubscribe(self, activity, record, way="unsubscribe_oneclick", method="POST"):
        mailing = activity.mass_mailing_id
        email = self._trace(activity, record).mailing_trace_ids.email
        query = {
            "document_id": record.id,
            "email": email,
            "hash_token": mailing._generate_mailing_recipient_token(record.id, email),
        }
        url = f"{self.base_url()}/mailing/{mailing.id}/{way}?{urlencode(query)}"
        with self._at(self.later):
            response = self.opener.request(method, url, data={"List-Unsubscribe": "One-Click"})
        self.assertEqual(response.status_code, 200)
        self._run_crons(self.later, EXECUTION_CRON)
        return response.text

    def test_pages_from_the_mail(self):
        """Short addresses, in which the recipient's cannot be read; nobody can make one, nor use it for another."""
        mailing = self.email.mass_mailing_id
        url = urlsplit(mailing._get_marketing_page_url(f"/mailing/{mailing.id}/view", self.ada.id, "Ada+x@Ü.example"))
        query = dict(parse_qsl(url.query))
        self.assertLess(len(url.query), 90)
        # not “ada” in any case: a signature may have these letters by chance
        self.assertNotIn("ada+x", unquote(url.query).lower())
        read = self.env["mailing.mailing"]._read_marketing_page_query
        self.assertEqual(read(mailing.id, query["document_id"], query["to"], query["s"])[0], "Ada+x@Ü.example")
        for name, value in (
            ("document_id", str(self.ben.id)),
            ("document_id", "x"),
            ("to", "%"),
            ("to", "YQ"),
            ("s", "é"),
        ):
            forged = {**query, name: value}
            self.assertIsNone(read(mailing.id, forged["document_id"], forged["to"], forged["s"]), forged)
            for page in ("view", "confirm_unsubscribe"):
                response = self.url_open(f"/mailing/{mailing.id}/{page}?{urlencode(forged)}")
                self.assertEqual(response.status_code, 401, (page, forged))
        self.assertIsNone(read(self.second.mailing_ids.id, query["document_id"], query["to"], query["s"]))
        page = self.url_open(f"{url.path}?{url.query}")
        self.assertEqual(page.status_code, 200)

    def test_one_click(self):
        """RFC 8058: what waits for the address ends at once in every campaign; counted once, and a trigger."""
        waiting = self._trace(self.waiting, self.ada)
        self.assertEqual(waiting.state, "scheduled")
        for _again in range(2):
            self._unsubscribe(self.email, self.ada)
        self.assertTrue(self.ada.is_blacklisted)
        self.assertEqual(self.email.total_unsubscribe, 1)
        self.assertEqual(self._trace(self.left, self.ada).state, "processed")
        self.assertEqual((waiting.state, waiting.end_code), ("canceled", "mail_bl"))
        self.assertEqual(self._trace(self.waiting, self.ben).state, "scheduled")

    def test_of_the_lists_of_the_campaign(self):
        """Not of everything: the page offers that."""
        uma, vic = self.subscribers
        page = self._unsubscribe(self.listed_email, uma, way="unsubscribe", method="GET")
        self.assertFalse(uma.is_blacklisted)
        self.assertEqual(uma.subscription_ids.filtered("opt_out").list_id, self.news)
        self.assertIn("News", page)
        self.assertIn("blocklist", page)
        later = self._trace(self.listed_later, uma)
        self.assertEqual((later.state, later.end_code), ("canceled", "mail_optout"))
        self.assertEqual(self._trace(self.listed_later, vic).state, "scheduled")
        self.assertEqual(self.listed_email.total_unsubscribe, 1)

    def test_lifted(self):
        """Retry sends what was kept back, once the address may be mailed again; until then it is kept back again."""
        waiting = self._trace(self.waiting, self.ada)
        self.env["mail.blacklist"]._add(self.ada.email)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertEqual(waiting.end_code, "mail_bl")
        self._retry(waiting)
        self._run_crons(self.later, EXECUTION_CRON)
        self.assertEqual(waiting.end_code, "mail_bl")
        self.env["mail.blacklist"]._remove(self.ada.email)
        self._retry(waiting)
        mails = self._run_crons(self.later)
        self.assertEqual(waiting.state, "processed")
        self._mail_to(mails, self.ada)
        with self.assertRaises(UserError):
            self._retry(waiting)

    def test_lifted_and_enrolled_by_hand(self):
        """Who is in already goes on where it was kept back, and is told among the enrolled; nobody else is."""
        self.env["mail.blacklist"]._add(self.ada.email)
        self._run_crons(self.later, EXECUTION_CRON)
        waiting = self._trace(self.waiting, self.ada)

        def enroll():
            with self._at(self.later):
                return self.second.with_user(self.marketer).action_enroll([self.ada.id, self.ben.id])

        self.assertEqual(enroll(), {"enrolled": [], "left_out": [self.ada.id, self.ben.id]}, "still blocklisted")
        self.assertEqual((waiting.state, waiting.end_code), ("canceled", "mail_bl"))
        self.env["mail.blacklist"]._remove(self.ada.email)
        self.assertEqual(enroll(), {"enrolled": [self.ada.id], "left_out": [self.ben.id]})
        self.assertEqual(self._participant(self.second, self.ada).state, "running")
        self._mail_to(self._run_crons(self.later), self.ada)
        self.assertEqual(enroll()["enrolled"], [], "it has been sent")

    def test_lifted_for_who_no_longer_matches(self):
        self.env["mail.blacklist"]._add(self.ada.email)
        self._run_crons(self.later, EXECUTION_CRON)
        self.env["mail.blacklist"]._remove(self.ada.email)
        self.ada.category_id = False
        with self._at(self.later):
            self.assertEqual(self.second.action_enroll(self.ada.ids)["enrolled"], [])

    def test_strangers(self):
        """What anybody sends as a document or an address is no event of anybody's."""
        mailing = self.email.mass_mailing_id
        for res_id, email in (("x", self.ada.email), (self.ben.id, self.ada.email), (None, None), ("9" * 40, "@")):
            self.env["mailing.trace"]._record_unsubscription(mailing, res_id, email)
        self.env["mailing.trace"]._record_unsubscription(self.env["mailing.mailing"], self.ada.id, self.ada.email)
        self.assertFalse(self.email.trace_ids.event_ids.filtered(lambda event: event.event == "unsubscribe"))

    def test_what_stands_in_no_link(self):
        """It is refused by each of Odoo's pages that a message leads to, without a traceback."""
        mailing = self.email.mass_mailing_id
        right = {"document_id": str(self.ada.id), "email": "ada@people.example.com"}
        right["hash_token"] = mailing._generate_mailing_recipient_token(right["document_id"], right["email"])
        bad = ("\0", "x", "1.5", "é", "٣", "9" * 40, "x" * 5000)
        for name, value in [*itertools.product(("document_id", "hash_token"), bad), ("email", "\0")]:
            query = urlencode({**right, name: value})
            for page in ("view", "unsubscribe", "confirm_unsubscribe", "unsubscribe_oneclick"):
                data = {"List-Unsubscribe": "One-Click"} if page == "unsubscribe_oneclick" else None
                response = self.url_open(f"/mailing/{mailing.id}/{page}?{query}", data=data)
                self.assertEqual(response.status_code, 401, (page, name, value[:20]))
        self.authenticate(None, None)
        for form in [right, *({**right, "mailing_id": value} for value in bad)]:
            data = {**form, "csrf_token": http.Request.csrf_token(self)}
            response = self.url_open("/mailing/confirm_unsubscribe", data=data)
            self.assertIn(response.status_code, (400, 401), form)
        values = (*bad, "\ud800", True, 1.5, [1], {"a": 1}, -1)
        calls = [{**right, "mailing_id": mailing.id, name: value} for name in right for value in values]
        for params in (*calls, *({**right, "mailing_id": value} for value in values)):
            answer = self.url_open("/mailing/blocklist/add", json={"params": params}).json()
            self.assertEqual(answer.get("result"), "unauthorized", (params, answer))
        self.assertFalse(self.ada.is_blacklisted)
        self.assertEqual(self.url_open(f"/mailing/{mailing.id}/unsubscribe?{urlencode(right)}").status_code, 200)
        self.assertTrue(self.ada.is_blacklisted)
