from pathlib import Path

from lxml import etree

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MarketingAutomationCommon

from .. import models


@tagged("post_install", "-at_install")
class TestNote(MarketingAutomationCommon):
    """What a companion addon adds, without a word of it in the app."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # notes are written in their name

    def test_it_is_short(self):
        self.assertLess(len(Path(models.__file__).read_text().splitlines()), 60)

    def _campaign(self):
        action = self.env["marketing.campaign"].with_user(self.marketer).create_from_template("note")
        campaign = self.env["marketing.campaign"].with_user(self.marketer).browse(action["res_id"])
        campaign.domain = repr([("category_id", "in", self.category.ids)])
        return campaign, campaign.marketing_activity_ids

    def test_from_the_template_to_the_answer(self):
        campaign, note = self._campaign()
        answered = self._create_action(campaign, "Answered", "note_answer", note)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        ada, ben = self.contacts[:2]
        self.assertIn("Worth a call?", ada.message_ids[0].body)
        self.assertTraces(note, dict.fromkeys(self.contacts, "processed"))
        with self._at(self.start):
            ada.with_user(self.marketer).message_post(body="Yes, tomorrow", message_type="comment")
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertTraces(answered, {ada: "processed", ben: None})
        self.assertEqual((note.processed, note.total_reply), (len(self.contacts), 1))

    def test_a_test_of_it(self):
        """Its page offers what may happen to a note, and nothing else."""
        campaign, note = self._campaign()
        answered = self._create_action(campaign, "Answered", "note_answer", note)
        values = {"campaign_id": campaign.id, "res_id": self.contacts[0].id, "confirmed": True}
        action = self.env["marketing.campaign.test"].with_user(self.marketer).create(values).action_launch_test()
        test = self.env["marketing.participant"].with_user(self.marketer).browse(action["res_id"])
        with self._at(self.start):
            test.trace_ids.action_run_test()
            [step] = test.timeline_data["steps"]
            self.assertEqual([(fire["event"], fire["awaited"]) for fire in step["fires"]], [("reply", True)])
            self.assertEqual([child["note"] for child in step["children"]], ["Waits for a reply."])
            test.trace_ids.action_fire_event("reply")
        self.assertIn(answered, test.trace_ids.activity_id)

    def test_what_runs_is_not_what_is_edited(self):
        campaign, note = self._campaign()
        self._start(campaign)
        note.note = "Worth two calls?"
        self.assertTrue(campaign.require_sync)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertIn("Worth a call?", self.contacts[0].message_ids[0].body)
        with self._at(self.start):
            campaign.action_update_participants()
        self.assertFalse(campaign.require_sync)

    def test_its_form_and_its_card(self):
        campaign, note = self._campaign()
        arch = etree.fromstring(note.get_view(view_type="form")["arch"])
        [field] = arch.xpath("//group[@name='what']/field[@name='note']")
        self.assertEqual(field.get("invisible"), "activity_type != 'note'")
        card = note._get_card({}, [], {})
        self.assertEqual(card["icon"], "fa-sticky-note-o")
        self.assertEqual([number["name"] for number in card["metrics"]], ["reply"])
        self.assertIn("Write a Note “Note”", note.sentence)

    def test_checks_of_the_app_hold(self):
        campaign, note = self._campaign()
        email = self._create_email(campaign, "Welcome")
        with self.assertRaisesRegex(ValidationError, "Note: answered"), self.cr.savepoint():
            self._create_action(campaign, "Answered", "note_answer", email)
        with self.assertRaisesRegex(ValidationError, "Write a Note"), self.cr.savepoint():
            self._create_action(campaign, "Opened", "mail_open", note)
        note.note = False
        with self.assertRaisesRegex(UserError, "“Note” lacks Note"):
            campaign.action_start_campaign()
