"""Another system says who enters, over HTTP."""

import json

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketing_automation.controllers import enroll
from odoo.addons.marketing_automation.engine.incoming_people import MOST

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestEntryWebhook(MarketingAutomationCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls._create_action(cls.campaign, "Act", interval_number=2, interval_type="days")
        cls.campaign.entry_ids.unlink()
        cls.entry = cls.env["marketing.entry"].with_user(cls.marketer)
        cls.entry = cls.entry.create({"campaign_id": cls.campaign.id, "entry_type": "webhook"})
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts
        cls.stranger = cls.env["res.partner"].create(
            {"name": "Secret Stranger", "email": "stranger@people.example.com"}
        )

    def _post(self, body, token=None, **options):
        """Call the webhook.

        :return: (status, what it answered)
        """
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = f"/marketing_automation/enroll/{self.entry.token if token is None else token}"
        options.setdefault("headers", {"Content-Type": "application/json"})
        response = self.url_open(path, data=data, timeout=60, **options)
        self.env.invalidate_all()
        self.assertNotIn("Traceback", response.text)
        self.assertFalse(response.cookies.get("session_id"))
        return response.status_code, response.json() if "json" in response.headers["Content-Type"] else response.text

    def _results(self, body):
        status, answer = self._post(body)
        self.assertEqual(status, 200, answer)
        self.assertLessEqual({name for result in answer["results"] for name in result}, {"result", "reason"})
        return [result.get("reason") or result["result"] for result in answer["results"]]

    def _inside(self):
        participants = self.campaign.sudo().participant_ids.filtered(lambda p: p.state == "running")
        return self.env["res.partner"].browse(participants.mapped("res_id"))

    # ------------------------------------------------------------
    # What becomes of each
    # ------------------------------------------------------------

    def test_what_became_of_each(self):
        self._start(self.campaign)
        twin = self.env["res.partner"].create({"name": "Old Ben", "email": self.ben.email})
        self.assertEqual(
            self._results(
                [
                    {"email": "  ADA@people.example.com ", "other": [1]},
                    {"id": self.cleo.id},
                    {"id": 2**31 - 1},
                    {"email": "nobody@people.example.com"},
                    {"email": "no address"},
                    {"email": "stranger@people.example.com"},
                    {"email": self.ben.email},
                    {"email": "ada@people.example.com"},
                ]
            ),
            ["enrolled", "enrolled", "not_found", "not_found", "invalid_email", "filter_mismatch", *["enrolled"] * 2],
        )
        self.assertEqual(self._inside(), self.ada + self.ben + self.cleo)
        self.assertFalse(self._participant(self.campaign, twin))
        participant = self._participant(self.campaign, self.ada)
        self.assertEqual((participant.source, participant.entry_id), ("webhook", self.entry))
        self.assertEqual(self._results({"email": self.ada.email}), ["already_in"])
        self.assertEqual(self._results([]), [])

    def test_as_the_campaigns_user_sees_them(self):
        self._start(self.campaign)
        self.env["ir.rule"].create(
            {
                "name": "No Ada",
                "model_id": self.model_partner.id,
                "domain_force": "[('name', '!=', 'Ada')]",
                "groups": [(4, self.env.ref("mass_mailing.group_mass_mailing_user").id)],
            }
        )
        self.assertEqual(self._results([{"email": self.ada.email}, {"id": self.ada.id}]), ["not_found"] * 2)
        self.assertFalse(self._inside())

    def test_a_key_counts_once(self):
        self.campaign.reentry = "restart"
        self._start(self.campaign)
        for key, passages in ((None, 1), (None, 2), ("order 1", 3), ("order 1", 3), ("order 2", 4), ("order 1", 4)):
            is_new = len(self._participant(self.campaign, self.ada)) < passages
            result = self._results({"email": self.ada.email, **({"key": key} if key else {})})
            self.assertEqual(result, ["enrolled" if is_new else "already_in"], key)
            self.assertEqual(len(self._participant(self.campaign, self.ada)), passages, key)

    def test_records_are_made(self):
        """For who is new, with the rights of the campaign's user; off by default."""
        self.campaign.domain = "[('email', 'like', 'people.example.com')]"
        self._start(self.campaign)
        new = [{"email": "Fay@people.example.com", "name": "Fay"}, {"email": "fay@people.example.com"}]
        self.assertEqual(self._results(new), ["not_found"] * 2)
        self.entry.webhook_create = True
        self.assertEqual(self._results(new), ["not_found"] * 2, "it waits for an Update")
        self.campaign.action_update_participants()
        with mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.marketing_automation.models.entry.people"):
            self.assertEqual(self._results(new), ["cannot_create"] * 2, "the marketer may not make contacts")
        self._let_marketer_edit_contacts()
        self.assertEqual(self._results(new), ["enrolled"] * 2)
        fay = self.env["res.partner"].search([("email_normalized", "=", "fay@people.example.com")])
        self.assertEqual((fay.name, fay.create_uid, self._inside()), ("Fay", self.marketer, fay))

    def test_a_thousand_at_once(self):
        self._start(self.campaign)
        values = [{"name": f"P {number}", "email": f"p{number}@people.example.com"} for number in range(MOST)]
        self.env["res.partner"].create([{**line, "category_id": [(4, self.category.id)]} for line in values])
        people = [{"email": line["email"]} for line in values]
        self.assertEqual(set(self._results(people)), {"enrolled"})
        self.assertEqual(self._post([*people, {"email": "one@people.example.com"}])[0], 413)

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_unknown_addresses(self):
        self._start(self.campaign)
        for token in ("x", "%00", "a" * 5_000, self.entry.token[:-1], "…", self.entry.token_hash):
            with self.subTest(token=token[:20]):
                status, answer = self._post({"email": self.ada.email}, token=token)
                self.assertEqual(status, 404)
                self.assertNotIn("Ada", str(answer))
        self.entry.active = False
        self.assertEqual(self._post({"email": self.ada.email})[0], 404)
        self.assertFalse(self._inside())

    def test_malformed_bodies(self):
        self._start(self.campaign)
        with mute_logger("odoo.http"):
            for body in (
                *(b" ", b"{", b"\xff", b"null", b"1", b'"x"', b"[[]]", b"[" * 100_000, b'{"a":' * 20_000, b"[NaN]"),
                *(b'{"id": ' + b"9" * 5_000 + b"}", b'{"id": 1e999}', b'{"id": true}', b'{"id": "1"}', b'{"id": -1}'),
                *(b'{"email": 5}', b'{"email": "a\\u0000b@x.example"}', b'{"email": "\\ud800@x.example"}'),
                *(b"{}", b'{"email": "a@x.example", "id": 1}', b'{"email": {"a": 1}}'),
                *(json.dumps({"email": "a" * 400}).encode(), json.dumps({"id": 1, "key": "k" * 300}).encode()),
                *(b'{"id": 1, "key": ["k"]}', b'{"id": 1, "key": "\\u0000"}', b'{"id": 99999999999999999999}'),
                json.dumps([{"email": self.ada.email}, 5]).encode(),
            ):
                with self.subTest(body=body[:40]):
                    self.env["marketing.entry.call"].sudo().search([]).unlink()
                    status, answer = self._post(body)
                    self.assertEqual(status, 400, answer)
                    self.assertTrue(answer["error"].endswith("."), answer)
        self.assertFalse(self._inside(), "one that is wrong: nobody of the call")

    def test_limits(self):
        self._start(self.campaign)
        with mute_logger("odoo.http"):
            self.assertEqual(self._post(b"[" + b" " * enroll.LONGEST_BODY + b"]")[0], 413)
            self.assertEqual(self._post(b"[" + b" " * 3 * enroll.LONGEST_BODY + b"]")[0], 413)
        self.env["marketing.entry.call"].sudo().search([]).unlink()
        self.patch(enroll, "CALLS_A_MINUTE", 2)
        statuses = [self._post({"email": "nobody@people.example.com"})[0] for _call in range(3)]
        calls = self.env["marketing.entry.call"].sudo().search([("entry_id", "=", self.entry.id)])
        self.assertEqual(calls.number, 3)
        self.assertEqual(statuses, [200, 200, 429])
        calls.minute = "2026-01-01 00:00:00"
        self.env.flush_all()
        self.assertEqual(self._post([])[0], 200)

    def test_a_campaign_that_does_not_run(self):
        self.assertEqual(self._post({"email": self.ada.email})[0], 409)
        self._start(self.campaign)
        self.campaign.action_stop_campaign()
        status, answer = self._post({"email": self.ada.email})
        self.assertEqual((status, answer), (409, {"error": "The campaign does not run."}))
        self.assertFalse(self._inside())

    def test_records_without_an_address(self):
        campaign = self._create_campaign(name="Users", model_id=self.env["ir.model"]._get("res.partner").id)
        self._create_action(campaign, "Act")
        self.campaign = campaign
        self.entry = self.entry.create({"campaign_id": campaign.id, "entry_type": "webhook"})
        self._start(campaign)
        self.patch(self.env["res.partner"]._fields["email_normalized"], "store", False)
        self.assertIn("name them by", self._post({"email": self.ada.email})[1]["error"])
        self.assertEqual(self._results({"id": self.ada.id}), ["already_in"])

    # ------------------------------------------------------------
    # The address
    # ------------------------------------------------------------

    def test_the_address(self):
        """It is made by the engine, changed by a button, and shown to those who may write the campaign."""
        self.assertGreaterEqual(len(self.entry.token), 40)
        self.assertTrue(self.entry.webhook_url.endswith(f"/marketing_automation/enroll/{self.entry.token}"))
        copy = self.entry.create({"campaign_id": self.campaign.id, "entry_type": "webhook"})
        self.assertNotEqual(copy.token, self.entry.token)
        old = self.entry.token
        self._start(self.campaign)
        call_kw(self.entry, "action_renew_token", [self.entry.ids], {})
        self.assertEqual(self._post({"email": self.ada.email}, token=old)[0], 404)
        self.assertEqual(self._results({"email": self.ada.email}), ["enrolled"])
        employee = new_test_user(self.env, login="clerk", groups="base.group_user")
        for fname in ("token", "token_hash", "webhook_url"):
            with self.assertRaises(AccessError):
                self.entry.with_user(employee).read([fname])
        with self.assertRaises(AccessError):
            call_kw(self.entry.with_user(employee), "action_renew_token", [self.entry.ids], {})

    def test_of_another_type(self):
        by_filter = self.entry.create({"campaign_id": self.campaign.id})
        self.assertFalse(by_filter.token or by_filter.webhook_url)
        self.assertEqual(self.entry.sentence, "Whom another system names")
