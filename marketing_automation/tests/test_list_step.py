"""Steps that put an address on a mailing list, or take it off."""

from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EXECUTION_CRON, MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestListStep(MarketingAutomationCommon):
    """By a plain marketer, who may not change contacts: lists are the marketer's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.ben, cls.cleo, *_others = cls.contacts
        cls.news, cls.other = cls.env["mailing.list"].create([{"name": "Newsletter"}, {"name": "Other"}])
        cls.campaign = cls._create_campaign()
        cls.step = cls._make_step("on")

    @classmethod
    def _make_step(cls, operation, campaign=None, **values):
        values = {"list_operation": operation, "mailing_list_id": cls.news.id, **values}
        return cls._create_activity(campaign or cls.campaign, "To the list", "list", "begin", None, **values)

    def _subscribe(self, email, opt_out=False, mailing_list=None, **values):
        line = (0, 0, {"list_id": (mailing_list or self.news).id, "opt_out": opt_out})
        return self.env["mailing.contact"].create({"email": email, "subscription_ids": [line], **values})

    def _live(self, campaign=None):
        self._start(campaign or self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)

    def _get_lines(self, record):
        domain = [("list_id", "=", self.news.id), ("contact_id.email_normalized", "=", record.email_normalized)]
        return self.env["mailing.subscription"].search(domain)

    # ------------------------------------------------------------
    # What it does
    # ------------------------------------------------------------

    def test_put_on(self):
        known = self.env["mailing.contact"].create({"name": "B.", "email": "Ben <BEN@people.example.com>"})
        there = self._subscribe(self.cleo.email)
        self._live()
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "processed"))
        for contact in self.contacts:
            self.assertEqual(len(self._get_lines(contact)), 1, contact.name)
            self.assertFalse(self._get_lines(contact).opt_out)
        self.assertEqual(self._get_lines(self.ben).contact_id, known, "found by its address")
        self.assertEqual(self._get_lines(self.cleo).contact_id, there)
        made = self._get_lines(self.ada).contact_id
        self.assertEqual((made.name, made.create_uid), ("Ada", self.marketer))
        self.assertIn("by the campaign “Prospection”", str(made.message_ids.mapped("body")))

    def test_an_opt_out_is_never_undone(self):
        contact = self._subscribe("Ada <ada@people.example.com>", opt_out=True)
        self._subscribe(self.ben.email, opt_out=True, mailing_list=self.other)
        self._live()
        self.assertTraces(self.step, {self.ada: "canceled", self.ben: "processed"})
        self.assertIn("opted out of this mailing list", self._trace(self.step, self.ada).state_msg)
        self.assertTrue(contact.subscription_ids.opt_out)
        self.assertEqual(len(self._get_lines(self.ada)), 1)

    def test_take_off_is_no_opt_out(self):
        contact, other = self._subscribe(self.ada.email), self._subscribe(self.ada.email, mailing_list=self.other)
        gone = self._subscribe(self.ben.email, opt_out=True)
        self.step.list_operation = "off"
        self._live()
        self.assertTraces(self.step, {self.ada: "processed", self.ben: "canceled", self.cleo: "processed"})
        self.assertFalse(self._get_lines(self.ada))
        self.assertTrue(contact.exists() and other.subscription_ids)
        self.assertTrue(gone.subscription_ids.opt_out, "what a person said stays")
        back = self._create_campaign(name="Back")
        self._make_step("on", back)
        self._live(back)
        self.assertEqual(self._get_lines(self.ada).contact_id, contact | other & contact)

    def test_addresses_that_are_none(self):
        self.ada.email, self.ben.email = False, "no address"
        self.cleo.email = self.contacts[3].email.upper()
        self._live()
        self.assertTraces(self.step, {self.ada: "canceled", self.ben: "canceled", self.cleo: "processed"})
        self.assertEqual(self._trace(self.step, self.ada).end_code, "mail_email_missing")
        self.assertEqual(self._trace(self.step, self.ben).end_code, "mail_email_invalid")
        self.assertEqual(len(self._get_lines(self.cleo)), 1, "one contact for one address")

    def test_subscribers_themselves(self):
        model = self.env["ir.model"]._get("mailing.contact")
        twin = self._subscribe("zoe@people.example.com", mailing_list=self.other)
        zoe = self._subscribe("zoe@people.example.com", mailing_list=self.other)
        campaign = self._create_campaign(model_id=model.id, domain=f"[('id', 'in', {zoe.ids})]")
        step = self._make_step("on", campaign)
        self._live(campaign)
        self.assertEqual(step.sudo().trace_ids.state, "processed")
        self.assertEqual(zoe.list_ids, self.news | self.other, "the record itself")
        self.assertEqual(twin.list_ids, self.other)

    def test_few_queries_for_a_batch(self):
        people = self.env["res.partner"].create(
            [
                {"name": f"P{n}", "email": f"p{n}@people.example.com", "category_id": [(4, self.category.id)]}
                for n in range(60)
            ]
        )
        self._start(self.campaign)
        step, counts = self.step.sudo(), []
        traces = step.trace_ids.filtered(lambda trace: trace.res_id in people.ids)
        for few in (traces[:20], traces[20:]):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            step._execute_list(few, self.start)
            counts.append(self.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], 10, counts)

    # ------------------------------------------------------------
    # What is refused, or lost
    # ------------------------------------------------------------

    def test_without_a_list(self):
        self.step.mailing_list_id = False
        with self.assertRaisesRegex(UserError, "lacks Mailing List"):
            self.campaign.action_start_campaign()

    def test_values_that_are_none(self):
        step = self.step.with_user(self.marketer)
        for values in (
            {"mailing_list_id": 999_999_999},
            {"mailing_list_id": "1"},
            {"mailing_list_id": [self.news.id]},
            {"list_operation": "all"},
            {"list_operation": ["on"]},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                step.write(values)

    def test_a_user_without_the_right(self):
        access = self.env["ir.model.access"].search([("model_id.model", "=", "mailing.subscription")])
        access.perm_create = False
        with self.assertRaisesRegex(UserError, "may not change “Mailing List Subscription”"):
            self.campaign.action_start_campaign()

    def test_its_list_is_deleted_or_archived(self):
        self.step.write({"interval_number": 2, "interval_type": "days"})
        self._live()
        self.news.active = False
        later = self.start + timedelta(days=2)
        self._run_crons(later, EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "scheduled"))
        self.assertIn("“Newsletter” is archived", "\n".join(self.campaign.sudo()._get_waiting_changes()))
        self.news.unlink()
        self._run_crons(later, EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "scheduled"))
        self.assertIn("its mailing list was deleted", "\n".join(self.campaign.sudo()._get_waiting_changes()))
        self.step.mailing_list_id = self.other
        with self._at(later):
            self.campaign.action_update_participants()
        self._run_crons(later, EXECUTION_CRON)
        self.assertTraces(self.step, dict.fromkeys(self.contacts, "processed"))

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def test_words(self):
        self.assertEqual(
            self.step.sentence, "As soon as a record enters the campaign: put the address on “Newsletter”."
        )
        self._start(self.campaign)
        self.step.write({"list_operation": "off", "mailing_list_id": self.other.id})
        self.assertIn(
            "“To the list” was changed. Before: put the address on “Newsletter”. Now: take the address off “Other”.",
            self.campaign.with_user(self.marketer).get_update_preview()["changes"],
        )
        copied = self.campaign.copy().marketing_activity_ids
        self.assertEqual((copied.mailing_list_id, copied.list_operation), (self.other, "off"))
