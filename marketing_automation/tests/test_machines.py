import doctest
import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

from odoo.tests import HttpCase, tagged

from .. import machines
from ..machines import find_machine
from .common import EXECUTION_CRON, MAIL_CRON, MarketingAutomationCommon

# real agents, and whose they are
PEOPLE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "Instagram 390.0.0.28.85 (iPhone14,5; iOS 18_5; en_US)",
    "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/138.0 Mobile Safari/537.36 [FB_IAB/FB4A;]",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
)
MACHINES = {
    "open": ("Mozilla/5.0", "Slack-ImgProxy (+https://api.slack.com/robots)", "Barracuda Sentinel (EE)"),
    "click": (
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; BingPreview/1.0b) Safari/537.36",
        "WhatsApp/2.23.20.0",
        "facebookexternalhit/1.1",
        "LinkChecker/10.2",
        "curl/8.5.0",
        "python-requests/2.31.0",
        "",
    ),
}


@tagged("post_install", "-at_install")
class TestMachines(MarketingAutomationCommon, HttpCase):
    """Who opens and clicks: a person, or a machine."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo = cls.contacts[:3]
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome", interval_number=0)
        cls.email.mass_mailing_id.body_html = "".join(
            f'<p><a href="https://shop.example.com/{number}">Link {number}</a></p>' for number in range(5)
        )
        cls.opened = cls._create_action(cls.campaign, "Opened", "mail_open", cls.email)
        cls.clicked = cls._create_action(cls.campaign, "Clicked", "mail_click", cls.email)

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self.mails = self._run_crons(self.start)

    def _paths(self, contact):
        """Return the links of a contact's mail, and its pixel."""
        body = self._mail_to(self.mails, contact)["body"]
        urls = [urlsplit(url) for url in re.findall(r'(?:href|src)="([^"]+)"', body)]
        paths = [f"{url.path}?{url.query}" for url in urls]
        [pixel] = [path for path in paths if path.startswith("/mail/track/")]
        return [path for path in paths if path.startswith("/r/")], pixel

    def _visit(self, path, agent, seconds=600, method="GET"):
        with self._at(self.start + timedelta(seconds=seconds)):
            call = self.opener.head if method == "HEAD" else self.opener.get
            call(self.base_url() + path, headers={"User-Agent": agent}, allow_redirects=False)

    def _numbers(self):
        self._run_crons(self.start + timedelta(seconds=700), EXECUTION_CRON)
        names = ("total_open", "total_machine_open", "total_click", "total_machine_click")
        return [self.email[name] for name in names]

    def _ran(self, step, contact):
        return self._trace(step, contact).state == "processed"

    def test_agents(self):
        self.assertEqual(doctest.testmod(machines).failed, 0)
        for agent in PEOPLE:
            self.assertIsNone(find_machine("open", agent, "198.51.100.7"), agent)
        for agent in PEOPLE[:3]:
            self.assertIsNone(find_machine("click", agent, "198.51.100.7"), agent)
        for event, agents in MACHINES.items():
            for agent in agents:
                self.assertTrue(find_machine(event, agent, "198.51.100.7"), agent)
        self.assertEqual(find_machine("open", PEOPLE[0], "64.235.150.1"), "Barracuda")
        self.assertEqual(find_machine("open", PEOPLE[0], "::ffff:64.235.150.1"), "Barracuda")
        # somebody else's by now
        for address in (None, "", "nowhere", "fe80::1%eth0", "207.211.31.5"):
            self.assertIsNone(find_machine("open", PEOPLE[0], address))

    def test_no_network_without_a_source(self):
        data = json.loads(machines.DATA.read_text(encoding="utf-8"))
        self.assertRegex(data["date"], r"^\d{4}-\d\d-\d\d$")
        self.assertFalse([entry["name"] for entry in data["networks"] if not entry.get("source")])

    def test_opens(self):
        """A proxy's open is shown, and starts nothing; a person's after it counts."""
        _links, pixel = self._paths(self.ada)
        self._visit(pixel, PEOPLE[0], method="HEAD")
        self.assertEqual(self._numbers(), [0, 0, 0, 0], "a HEAD is nobody")
        for _again in range(2):
            self._visit(pixel, "Mozilla/5.0")
        self.assertEqual(self._numbers(), [0, 1, 0, 0])
        self.assertFalse(self._ran(self.opened, self.ada))
        [step] = self._participant(self.campaign, self.ada).timeline_data["steps"]
        event = next(event for event in step["events"] if event["event"] == "open")
        self.assertEqual((event["label"], event["detail"]), ("Opened by a machine", "Apple Mail Privacy Protection"))
        self._visit(pixel, PEOPLE[3])
        self.assertEqual(self._numbers(), [1, 0, 0, 0])
        self.assertTrue(self._ran(self.opened, self.ada))

    def test_opens_of_proxies_that_count(self):
        self.campaign.count_machine_opens = True
        _links, pixel = self._paths(self.ada)
        self._visit(pixel, "Mozilla/5.0")
        self.assertEqual(self._numbers(), [1, 1, 0, 0])
        self.assertTrue(self._ran(self.opened, self.ada))

    def test_clicks(self):
        """Scanners and previews are machines; browsers inside of apps and phones with odd names are people's."""
        links, _pixel = self._paths(self.ada)
        for agent in MACHINES["click"]:
            self._visit(links[0], agent)
        self.assertEqual(self._numbers(), [0, 0, 0, 1])
        self.assertFalse(self._ran(self.clicked, self.ada))
        for contact, agent in zip((self.ada, self.ben, self.cleo), PEOPLE, strict=False):
            self._visit(self._paths(contact)[0][0], agent)
        self.assertEqual(self._numbers(), [3, 0, 3, 0])
        self.assertTrue(self._ran(self.clicked, self.ada))

    def test_many_links_within_seconds(self):
        """Who follows all links as soon as the mail has come is no person, whatever it says it is."""
        self._run_crons(self.start, MAIL_CRON)
        links, _pixel = self._paths(self.ada)
        for number, link in enumerate(links):
            self._visit(link, PEOPLE[1], seconds=5 + number)
        self.assertEqual(self._numbers(), [0, 1, 0, 1])
        self.assertFalse(self._ran(self.clicked, self.ada))
        self._visit(links[0], PEOPLE[1])
        self.assertEqual(self._numbers(), [1, 0, 1, 0], "the person, later")

    # ------------------------------------------------------------
    # Whose agent tells nothing, soon after the delivery
    # ------------------------------------------------------------

    def _deliver(self, contact):
        """Have clicks and opens be in doubt for ten seconds, as they are by default."""
        self.env["ir.config_parameter"].set_param("marketing_automation.machine_doubt", False)
        self._run_crons(self.start, MAIL_CRON)
        return self._paths(contact)

    def _run_at(self, seconds):
        self._run_crons(self.start + timedelta(seconds=seconds), EXECUTION_CRON)

    def test_nothing_follows_the_first_links_of_a_scanner(self):
        """Whatever the engine does between them; the picture that it fetched before was no open either."""
        links, pixel = self._deliver(self.ada)
        self._visit(pixel, PEOPLE[1], seconds=19)
        for seconds, link in zip((20, 23, 26, 29), links, strict=False):
            self._visit(link, PEOPLE[1], seconds=seconds)
            self._run_at(seconds + 1)
        self._visit(pixel, PEOPLE[1], seconds=31)
        self.assertEqual(self._numbers(), [0, 1, 0, 1])
        self.assertFalse(self._ran(self.clicked, self.ada) or self._ran(self.opened, self.ada))
        self.assertEqual(self._trace(self.email, self.ada).mailing_trace_ids.trace_status, "sent")

    def test_two_links_at_once(self):
        links, _pixel = self._deliver(self.ada)
        for link in links[:2]:
            self._visit(link, PEOPLE[1], seconds=30)
        self.assertEqual(self._numbers(), [0, 1, 0, 1])

    def test_a_click_sooner_than_anybody_reads(self):
        links, _pixel = self._deliver(self.ada)
        self._visit(links[0], PEOPLE[1], seconds=1)
        self.assertEqual(self._numbers(), [0, 0, 0, 1])
        self._visit(links[0], PEOPLE[1])
        self.assertEqual(self._numbers(), [1, 0, 1, 0])

    def test_people_who_are_quick(self):
        """They wait until it is known, and the engine comes again by itself."""
        links, pixel = self._deliver(self.ada)
        self._visit(pixel, PEOPLE[1], seconds=15)
        self._visit(links[0], PEOPLE[1], seconds=18)
        self._run_at(19)
        self.assertFalse(self._ran(self.clicked, self.ada))
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref(EXECUTION_CRON).id)])
        self.assertIn(self.start + timedelta(minutes=1), triggers.mapped("call_at"))
        self._run_at(60)
        self.assertTrue(self._ran(self.clicked, self.ada) and self._ran(self.opened, self.ada))
        self.assertEqual(self._numbers(), [1, 0, 1, 0])

    def test_a_confirmation_is_in_no_doubt(self):
        self.email.mass_mailing_id.write(
            {"marketing_confirm_click": True, "marketing_confirm_url": "https://shop.example.com/0"}
        )
        links, _pixel = self._deliver(self.ada)
        with self._at(self.start + timedelta(seconds=20)):
            page = self.url_open(links[0])
            action = re.search(r'action="([^"]+)"', page.text)[1].replace("&amp;", "&")
            self.url_open(action, data={"confirm": "1"}, allow_redirects=False)
        self._run_at(21)
        self.assertTrue(self._ran(self.clicked, self.ada))
