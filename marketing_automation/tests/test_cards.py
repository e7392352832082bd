from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import MarketingAutomationCommon

STORY = timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestCards(MarketingAutomationCommon):
    """What the workflow on a campaign's form shows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")

    def _cards(self, period="month"):
        data = self.campaign.get_workflow_cards(period)
        return {card["name"]: card for card in data["cards"]}

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def test_when_in_words(self):
        """Every trigger has a sentence for at once and for later."""
        child = self._create_action(self.campaign, "Tag", "activity", self.email)
        expected = {
            "activity": ("As soon as “Welcome” was sent", "2 days after “Welcome” was sent"),
            "mail_open": ("As soon as “Welcome” is opened", "2 days after “Welcome” was opened"),
            "mail_click": ("As soon as a link in “Welcome” is clicked", "2 days after a link in “Welcome” was clicked"),
            "mail_reply": ("As soon as “Welcome” is replied to", "2 days after “Welcome” was replied to"),
            "mail_bounce": ("As soon as “Welcome” bounces", "2 days after “Welcome” bounced"),
            "mail_not_open": (
                "As soon as “Welcome” was sent, if not opened by then",
                "2 days after “Welcome” was sent, if not opened by then",
            ),
            "mail_not_click": (
                "As soon as “Welcome” was sent, if not clicked by then",
                "2 days after “Welcome” was sent, if not clicked by then",
            ),
            "mail_not_reply": (
                "As soon as “Welcome” was sent, if not replied to by then",
                "2 days after “Welcome” was sent, if not replied to by then",
            ),
        }
        for trigger_type, sentences in expected.items():
            for number, sentence in zip((0, 2), sentences, strict=True):
                child.write({"trigger_type": trigger_type, "interval_number": number, "interval_type": "days"})
                self.assertEqual(child.trigger_label, sentence)
                self.assertEqual(child.sentence, f"{sentence}: run “Tag”.")
        self.assertEqual(self.email.sentence, "As soon as a record enters the campaign: send the email “Welcome”.")
        then = self._create_action(self.campaign, "Then", "activity", child, interval_number=1)
        self.assertEqual(then.trigger_label, "1 hour after “Tag” was done")

    def test_filter_and_expiry_in_words(self):
        child = self._create_action(self.campaign, "Tag", "mail_not_open", self.email, interval_number=3)
        child.write({"activity_domain": "[('name', '!=', False)]", "validity_duration": True})
        child.write({"validity_duration_number": 7, "validity_duration_type": "days"})
        self.assertIn("Only for records that match its filter at that moment.", child.sentence)
        self.assertIn("It is cancelled if it cannot run within 7 days of that moment.", child.sentence)
        child.trigger_type = "mail_click"
        self.assertIn("ignored when that happens later than 7 days after the message was sent.", child.sentence)

    def test_words_of_the_dialog_follow_what_is_typed(self):
        """An unsaved activity has its sentence, and an impossible number its error."""
        activity = self.env["marketing.activity"].new(
            {"campaign_id": self.campaign.id, "name": "Remind", "trigger_type": "mail_not_open"}
        )
        activity.parent_id = self.email
        activity.interval_number = -1
        self.assertEqual(activity.interval_error, "A whole number from 0 to 100000.")
        activity.interval_number = 1
        self.assertFalse(activity.interval_error)
        self.assertEqual(
            activity.sentence, "1 hour after “Welcome” was sent, if not opened by then: send the email “Remind”."
        )
        activity.validity_duration = True
        activity.validity_duration_number = 7
        self.assertIn("It is cancelled if it cannot run within 7 days of that moment.", activity.sentence)
        activity.validity_duration_type = "weeks"
        self.assertIn("within 7 weeks of that moment.", activity.sentence)
        self.assertIn("mail_click", activity.allowed_trigger_types)
        activity.parent_id = self._create_action(self.campaign, "Tag", "activity", self.email)
        self.assertNotIn("mail_click", activity.allowed_trigger_types)
        self.assertIn("activity", activity.allowed_trigger_types)

    def test_what_can_follow(self):
        """A child is offered the triggers that its parent's type gives, and no other."""
        self._create_action(self.campaign, "Tag", "mail_bounce", self.email)
        cards = self._cards()
        triggers = {way["trigger"]: (way["label"], way["tone"]) for way in cards["Welcome"]["ways"]}
        self.assertEqual(triggers["activity"], ("Sent", "neutral"))
        self.assertEqual(triggers["mail_open"], ("Opened", "positive"))
        self.assertEqual(triggers["mail_not_click"], ("Not clicked", "negative"))
        self.assertEqual(triggers["mail_bounce"], ("Bounced", "bounce"))
        self.assertEqual([(way["trigger"], way["label"]) for way in cards["Tag"]["ways"]], [("activity", "Done")])
        self.assertEqual((cards["Welcome"]["way"], cards["Tag"]["way"]), ("begin", "mail_bounce"))
        self.assertEqual((cards["Tag"]["chip"], cards["Tag"]["tone"]), ("Bounced · at once", "bounce"))
        self.assertEqual(cards["Tag"]["parent_id"], self.email.id)

    # ------------------------------------------------------------
    # Numbers
    # ------------------------------------------------------------

    def _tell_story(self):
        """Of five, one is rejected, one opens and clicks twice, and one step fails."""
        self.email.activity_domain = "[('name', '!=', 'Eve')]"
        self._create_action(
            self.campaign,
            "Tag",
            "mail_open",
            self.email,
            code="if record.name == 'Ada': raise UserError('No ink')",
        )
        self._start(self.campaign)
        self._run_crons(self.start)
        ada, ben = self._trace(self.email, self.contacts[0]), self._trace(self.email, self.contacts[1])
        with self._at(self.start + STORY):
            events = self.env["marketing.trace.event"].sudo()
            for event, traces in (("open", ada | ben), ("click", ada), ("click", ada)):
                events.record_events(event, traces.ids, "test")
        self._run_crons(self.start + STORY)

    def test_numbers_count_participants(self):
        self._tell_story()
        with self._at(self.start + STORY):
            self.campaign.action_launch_test()
            self.env["marketing.campaign.test"].with_user(self.marketer).create(
                {"campaign_id": self.campaign.id, "res_id": self.contacts[2].id, "confirmed": True}
            ).action_launch_test()
            data = self.campaign.get_workflow_cards()
        welcome, tag = data["cards"]
        self.assertEqual((welcome["processed"], welcome["rejected"], welcome["scheduled"]), (4, 1, 0))
        counts = {metric["name"]: metric["count"] for metric in welcome["metrics"]}
        self.assertEqual(counts, {"sent": 4, "open": 2, "click": 1, "reply": 0, "bounce": 0})
        self.assertEqual((tag["processed"], tag["errors"], tag["metrics"]), (1, 1, []))
        self.assertEqual(data["participants"], {"total": 5, "people": 5, "running": 0, "completed": 5, "removed": 0})
        self.campaign.participant_ids.filtered(lambda participant: not participant.is_test)[0].action_remove()
        people = self.campaign.get_workflow_cards()["participants"]
        self.assertEqual(people, {"total": 5, "people": 5, "running": 0, "completed": 4, "removed": 1})
        [(reason, count)] = data["errors"]
        self.assertEqual((reason, count), ("The activity failed: No ink", 1))
        self.assertEqual(tag["error_reasons"], [(reason, 1)])

    def test_each_number_opens_exactly_its_participants(self):
        self._tell_story()
        welcome, tag = self.campaign.marketing_activity_ids
        expected = {
            (welcome, "processed"): "Ada Ben Cleo Dan",
            (welcome, "rejected"): "Eve",
            (welcome, "sent"): "Ada Ben Cleo Dan",
            (welcome, "open"): "Ada Ben",
            (welcome, "click"): "Ada",
            (welcome, "bounce"): "",
            (tag, "processed"): "Ben",
            (tag, "error"): "Ada",
        }
        for (activity, metric), names in expected.items():
            action = activity.action_view_records(metric)
            participants = self.env[action["res_model"]].with_user(self.marketer).search(action["domain"])
            records = self.env["res.partner"].browse(participants.mapped("res_id"))
            self.assertEqual(sorted(records.mapped("name")), names.split(), (activity.name, metric))
        self.assertEqual(welcome.action_view_records("open")["display_name"], "Welcome: Opened")
        errors = tag.action_view_errors()
        self.assertEqual(self.env["marketing.trace"].search(errors["domain"]).res_id, self.contacts[0].id)
        with self.assertRaises(UserError):
            welcome.action_view_records("name")

    def test_a_number_of_nobody_says_what_it_counts(self):
        activity = self.email
        for action, words in (
            (activity.action_view_records("bounce"), "Whom this number of “Welcome” counts"),
            (activity.action_view_left_out("mail_bl"), "get no message of “Welcome”"),
            (activity.action_view_errors(), "A step that failed"),
            (self.campaign.action_view_tests(), "Launch a Test"),
        ):
            self.assertIn(words, action["help"])

    def test_form_of_a_campaign_that_ran(self):
        """What is changed in it shows at once, whatever the cards have to tell."""
        self._tell_story()
        favorite = self.env["mailing.filter"].create(
            {"name": "All", "mailing_domain": "[]", "mailing_model_id": self.model_partner.id}
        )
        with Form(self.campaign.with_user(self.marketer)) as form:
            form.mailing_filter_id = favorite
            form.mailing_filter_id = self.env["mailing.filter"]
        self.assertFalse(self.campaign.mailing_filter_id)
        self.assertEqual(self.campaign.workflow_cards["cards"][0]["processed"], 4)

    def test_retry_of_one_activity(self):
        """Its errors are tried again, those of other activities are not."""
        self._create_action(self.campaign, "Other", "mail_open", self.email, code="raise UserError('No paper')")
        self._tell_story()
        tag = self.campaign.marketing_activity_ids.filtered(lambda activity: activity.name == "Tag")
        other = self.campaign.marketing_activity_ids.filtered(lambda activity: activity.name == "Other")
        self.assertEqual((tag.error_count, other.error_count), (1, 2))
        with self._at(self.start + STORY):
            tag.action_retry_errors()
        self.env.invalidate_all()
        self.assertEqual((tag.error_count, tag.scheduled_count, other.error_count), (0, 1, 2))

    def test_graph_by_day_in_the_zone_of_the_reader(self):
        """Just after midnight in Auckland it is still the day before in UTC."""
        self.marketer.tz = "Pacific/Auckland"
        moment = self.start.replace(hour=12, minute=30)  # 00:30 of the next day there
        self._start(self.campaign, moment)
        self._run_crons(moment)
        with self._at(moment):
            series = self._cards()["Welcome"]["series"]
        self.assertEqual(series, {"processed": {"2026-06-02": 5}, "rejected": {}})

    def test_graph_of_the_last_month_and_of_the_whole_life(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        later = self.start + timedelta(days=100)
        with self._at(later):
            month, life = self.campaign.get_workflow_cards("month"), self.campaign.get_workflow_cards("life")
            with self.assertRaises(UserError):
                self.campaign.get_workflow_cards("year")
        self.assertEqual(month["cards"][0]["series"]["processed"], {})
        self.assertEqual((month["first_day"], month["last_day"]), ("2026-08-10", "2026-09-09"))
        self.assertEqual(life["cards"][0]["series"]["processed"], {"2026-06-01": 5})
        self.assertEqual(life["first_day"], "2026-06-01")

    def test_due_next(self):
        self._create_action(self.campaign, "Later", interval_number=5)
        self.assertFalse(self.campaign.get_workflow_cards()["next_due"])
        self._start(self.campaign)
        self.assertEqual(self.campaign.get_workflow_cards()["next_due"], "2026-06-01 08:00:00")
        self._run_crons(self.start)
        self.assertEqual(self.campaign.get_workflow_cards()["next_due"], "2026-06-01 13:00:00")
        self.campaign.action_stop_campaign()
        self.assertFalse(self.campaign.get_workflow_cards()["next_due"])

    def test_removed_activities_keep_their_numbers(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        self.email.action_remove()
        data = self.campaign.get_workflow_cards()
        self.assertEqual((data["cards"], data["removed_count"]), ([], 1))
        action = self.campaign.action_view_removed()
        removed = self.env["marketing.activity"].with_context(**action["context"]).search(action["domain"])
        self.assertEqual((removed, removed.processed), (self.email, 5))

    def test_as_many_queries_for_ten_cards_as_for_twenty(self):
        counts = []
        for _round in range(2):
            for number in range(10):
                self._create_action(self.campaign, f"Step {number}")
            self.env.flush_all()
            for _call in range(2):
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                self.campaign.get_workflow_cards()  # the first one fills the caches of rights and rules
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_who_may_see(self):
        outsider = new_test_user(self.env, login="outsider", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.campaign.with_user(outsider).get_workflow_cards()
        self.assertTrue(self.campaign.get_workflow_cards()["can_write"])
