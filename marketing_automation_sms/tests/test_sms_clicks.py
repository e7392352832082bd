from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON
from odoo.addons.mass_mailing_sms.controllers.main import MailingSMSController

from ..controllers.main import MarketingAutomationSmsController
from ..models.sms_sms import SIGNATURE_LENGTH
from .common import MarketingAutomationSmsCommon


@tagged("post_install", "-at_install")
class TestSmsClicks(MarketingAutomationSmsCommon):
    """A click counts when a person opens the link that was sent to them; through Odoo's web server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, *_rest = cls.contacts
        cls.campaign = cls._create_campaign()
        cls.text = cls._create_sms(cls.campaign, "Sale", template={"sms_allow_unsubscribe": True})

    def setUp(self):
        super().setUp()
        self._start(self.campaign)
        self.messages = self._run_sms(self.start)
        self.later = self.start + timedelta(hours=1)
        self.link = self._link(self._sms_to(self.messages, self.ada))

    def _open(self, path, **options):
        with self._at(self.later):
            response = self.url_open(path, allow_redirects=False, **options)
        self.env.invalidate_all()
        return response

    def _clicks(self):
        """Count what a click leaves: our event, Odoo's click, Odoo's mark on the message."""
        message = self._message(self.text, self.ada)
        events = self.text.sudo().trace_ids.event_ids.filtered(lambda event: event.event == "click")
        clicks = self.env["link.tracker.click"].search_count([("mass_mailing_id", "=", message.mass_mailing_id.id)])
        return len(events), clicks, bool(message.links_click_datetime)

    def test_signed_click(self):
        response = self._open(self.link)
        self.assertEqual(response.status_code, 301)
        self.assertURLEqual(response.headers["Location"].split("?")[0], "https://shop.example.com/catalogue")
        self.assertEqual(self._clicks(), (1, 1, True))
        event = self._trace(self.text, self.ada).event_ids.filtered(lambda event: event.event == "click")
        self.assertEqual((event.date, event.mailing_trace_id), (self.later, self._message(self.text, self.ada)))
        self.assertEqual(self.campaign.link_tracker_click_count, 1)

    def test_forged_clicks(self):
        """Redirected all the same, uncounted: no signature, another's, one that is guessed or not text."""
        path, query = self.link.split("?")
        own = str(self._message(self.text, self.ada).sms_id_int)
        other = str(self._message(self.text, self.ben).sms_id_int)
        for forged in (
            path,
            f"{path}?s=",
            f"{path}?s={'0' * SIGNATURE_LENGTH}",
            f"{path}?s=%C3%A9",
            f"{path}?s[]=x",
            f"{path.replace(f'/s/{own}', f'/s/{other}')}?{query}",
        ):
            response = self._open(forged)
            self.assertEqual(response.status_code, 301, forged)
            self.assertIn("shop.example.com/catalogue", response.headers["Location"])
        self.assertEqual(self._clicks(), (0, 0, False))

    def test_head_request(self):
        self.assertEqual(self._open(self.link, method="HEAD").status_code, 301)
        self.assertEqual(self._clicks(), (0, 0, False))

    def test_scanners(self):
        for agent in ("Mozilla/5.0 (compatible; Proofpoint)", "Slackbot-LinkExpanding 1.0", "Googlebot/2.1"):
            self.assertEqual(self._open(self.link, headers={"User-Agent": agent}).status_code, 301, agent)
        self.assertEqual(self._clicks(), (0, 0, False))
        self._open(self.link, headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"})
        self.assertEqual(self._clicks(), (1, 1, True))

    def test_link_of_another_mailing(self):
        """Signed for this SMS, though nothing but its own links was ever sent with it."""
        foreign = self.env["link.tracker"].create({"url": "https://elsewhere.example.com"})
        sms_id = self._message(self.text, self.ada).sms_id_int
        signature = self.env["sms.sms"]._get_marketing_link_signature(foreign.code, sms_id)
        response = self._open(f"/r/{foreign.code}/s/{sms_id}?s={signature}")
        self.assertIn("elsewhere.example.com", response.headers["Location"])
        self.assertEqual(self._clicks(), (0, 0, False))

    def test_unknown_link(self):
        sms_id = self._message(self.text, self.ada).sms_id_int
        self.assertEqual(self._open(f"/r/nowhere/s/{sms_id}").status_code, 404)
        self.assertEqual(self._open(f"{self.link.split('/s/')[0]}/s/0").status_code, 301)
        self.assertEqual(self._clicks(), (0, 0, False))

    def test_unsubscribing_is_no_click(self):
        message = self._message(self.text, self.ada)
        path = f"/sms/{message.mass_mailing_id.id}/unsubscribe/{message.sms_code}"
        self._open(f"{path}?sms_number={message.sms_number.replace('+', '%2B')}")
        self.assertTrue(self.env["phone.blacklist"].search([("number", "=", message.sms_number)]))
        self.assertEqual(self._clicks(), (0, 0, False))

    def test_the_signature_is_short(self):
        """One parameter, of characters that no phone takes for the end of a link."""
        self.assertRegex(self.link, rf"^/r/\w+/s/\d+\?s=[0-9A-Za-z]{{{SIGNATURE_LENGTH}}}$")
        self.assertEqual(SIGNATURE_LENGTH, 10, "static/src/sms_widget.js counts as many")

    def test_links_of_other_mailings_are_as_ever(self):
        link, mailing = self._send_ordinary()
        self.assertRegex(link, r"^/r/\w+/s/\d+\?$", "unsigned")
        self._open(link.rstrip("?"))
        self.assertTrue(mailing.mailing_trace_ids.links_click_datetime, "and counted")
        self.assertFalse(self.env["marketing.trace.event"].search([("event", "=", "click")]))

    def test_clicks_of_other_mailings_cost_no_query(self):
        """A click on the SMS of others takes as many queries with our route as without."""
        link, _mailing = self._send_ordinary()

        def count():
            self.env.registry.clear_cache("routing")
            for _warm_up in range(2):
                self._open(link.rstrip("?"))
            self.env.flush_all()
            self.later += timedelta(minutes=1)  # so that the click changes its message
            before = self.cr.sql_log_count
            self._open(link.rstrip("?"))
            return self.cr.sql_log_count - before

        with_route = count()
        self.patch(
            MarketingAutomationSmsController,
            "sms_short_link_redirect",
            MailingSMSController.sms_short_link_redirect,
        )
        self.assertEqual(with_route, count())

    def _send_ordinary(self):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Ordinary",
                "mailing_type": "sms",
                "body_plaintext": "See https://shop.example.com/other now",
                "mailing_model_id": self.model_partner.id,
                "mailing_domain": repr([("id", "=", self.ada.id)]),
                "sms_force_send": True,
            }
        )
        with self._at(self.start):
            mailing.action_send_sms()
            link = self._link(self._sms_to(self._sms, self.ada))
        return link, mailing


@tagged("post_install", "-at_install")
class TestSmsLinkFilter(MarketingAutomationSmsCommon):
    """A step waits for a click on one link of a text message."""

    def test_click_on_one_link(self):
        campaign = self._create_campaign()
        text = self._create_sms(campaign, "Sale")
        steps = {
            "Any": self._create_action(campaign, "Any", "sms_click", text),
            "Catalogue": self._create_action(campaign, "Catalogue", "sms_click", text, link_filter="catalogue"),
            "Other": self._create_action(
                campaign, "Other", "sms_click", text, link_filter="=https://other.example.com/"
            ),
            "Not": self._create_action(campaign, "Not", "sms_not_click", text, link_filter="catalogue"),
        }
        self.assertIn("https://shop.example.com/catalogue", [url for url, _label in steps["Catalogue"].link_choices])
        self._start(campaign)
        messages = self._run_sms(self.start)
        ada, ben, *_rest = self.contacts
        later = self.start + timedelta(hours=1)
        with self._at(later):
            self.url_open(self._link(self._sms_to(messages, ada)), allow_redirects=False)
        self.env.invalidate_all()
        self._run_crons(later, EXECUTION_CRON)
        self.assertTraces(steps["Any"], {ada: "processed", ben: None})
        self.assertTraces(steps["Catalogue"], {ada: "processed", ben: None})
        self.assertTraces(steps["Other"], {ada: None, ben: None})
        self.assertEqual(steps["Catalogue"].sudo()._get_badge()[0], "Clicked: “catalogue” · at once")
