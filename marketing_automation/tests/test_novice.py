from odoo.tests import Form, HttpCase, tagged
from odoo.tools import html2plaintext

from .test_template_texts import NoviceCase


@tagged("post_install", "-at_install")
class TestNovice(NoviceCase, HttpCase):
    """What whoever has read nothing relies on."""

    def setUp(self):
        super().setUp()
        self.campaign = self._create_campaign_of_novice()
        self.email, self.template = self._create_email_of_novice(self.campaign)

    # ------------------------------------------------------------
    # Waits
    # ------------------------------------------------------------

    def _open_new_activity(self, **defaults):
        defaults = {"campaign_id": self.campaign.id, "parent_id": self.email.id, **defaults}
        context = {f"default_{name}": value for name, value in defaults.items()}
        return Form(self.env["marketing.activity"].with_user(self.novice).with_context(**context))

    def test_time_to_open_a_mail_is_proposed(self):
        for trigger in ("mail_not_open", "mail_not_click", "mail_not_reply"):
            form = self._open_new_activity(trigger_type=trigger)
            self.assertEqual((form.interval_number, form.interval_type), (2, "days"), trigger)
        form = self._open_new_activity(trigger_type="mail_open")
        self.assertEqual((form.interval_number, form.interval_type), (0, "hours"))
        form.trigger_type = "mail_not_open"
        self.assertEqual((form.interval_number, form.interval_type), (2, "days"))

    def test_a_chosen_time_stays(self):
        form = self._open_new_activity(trigger_type="mail_click")
        form.interval_number = 6
        form.trigger_type = "mail_not_click"
        self.assertEqual((form.interval_number, form.interval_type), (6, "hours"))

    def test_too_short_a_time_is_warned_of(self):
        reminder = self._create_action(self.campaign, "Remind", "mail_not_open", self.email, interval_number=3)
        self.assertRegex(self.campaign.warning_text, "Remind.*less than 4 hours.*Welcome")
        for interval in ({"interval_number": 4}, {"interval_number": 1, "interval_type": "days"}):
            reminder.write(interval)
            self.assertFalse(self.campaign.warning_text)
        reminder.write({"interval_number": 0, "interval_type": "days"})
        self.assertRegex(self.campaign.warning_text, "Remind.*less than 4 hours.*Welcome")
        reminder.write({"interval_number": 0, "interval_type": "hours", "trigger_type": "mail_open"})
        self.assertFalse(self.campaign.warning_text)

    def test_the_form_warns_as_one_types(self):
        form = self._open_new_activity(trigger_type="mail_not_open")
        self.assertFalse(form.wait_warning)
        before = form.sentence
        form.interval_number = 0
        self.assertIn("less than 4 hours", form.wait_warning)
        self.assertNotEqual(form.sentence, before)
        form.interval_number = 1
        self.assertFalse(form.wait_warning)

    def test_the_sentence_of_a_number_that_is_typed_back(self):
        """Of a saved step, too: what it says is about the form, not about what changed since it was saved."""
        step = self._create_action(self.campaign, "Remind", "mail_not_open", self.email, interval_number=2)
        with Form(step.with_user(self.novice)) as form:
            for number in (5, 2, 0, 2):
                form.interval_number = number
                words = f"{number} hours after" if number else "As soon as"
                self.assertIn(words, form.sentence)
                self.assertTrue(form.wait_warning if number < 4 else not form.wait_warning)

    # ------------------------------------------------------------
    # Names
    # ------------------------------------------------------------

    def test_a_new_name_is_that_of_the_link_tracker(self):
        """In each language; and in links to come, as long as there are none."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["utm.campaign"].create({"title": "Autumn", "name": "Autumn"})
        utm_campaign = self.campaign.utm_campaign_id.sudo()
        self.campaign.name = "Autumn"
        for language in ("en_US", "fr_FR"):
            self.assertEqual(utm_campaign.with_context(lang=language).title, "Autumn")
        self.assertEqual(utm_campaign.name, "Autumn [2]", "an identifier is unique")
        self.campaign.name = "Autumn"
        self.assertEqual(utm_campaign.name, "Autumn [2]")

    def test_links_that_are_out_keep_their_campaign(self):
        self._start(self.campaign)
        self._run_crons(self.start)
        utm_campaign = self.campaign.utm_campaign_id.sudo()
        before = utm_campaign.name
        self.campaign.with_user(self.novice).name = "Winter"
        self.assertEqual((utm_campaign.title, utm_campaign.name), ("Winter", before))
        links = self.env["link.tracker"].search([("campaign_id", "=", utm_campaign.id)])
        self.assertEqual(links.campaign_id.display_name, "Winter")

    def test_a_utm_campaign_of_ones_own_keeps_its_name(self):
        utm_campaign = self.campaign.utm_campaign_id.sudo()
        utm_campaign.is_auto_campaign = False
        title = utm_campaign.title
        self.campaign.name = "Spring"
        self.assertEqual(utm_campaign.title, title)

    # ------------------------------------------------------------
    # Archiving
    # ------------------------------------------------------------

    def test_archiving_says_what_stops(self):
        self.campaign.name = "Runs in the tour"
        self._start(self.campaign)
        draft = self._create_campaign_of_novice()
        draft.name = "Draft of the tour"
        url = f"/odoo/marketing-automation/{self.campaign.id}"
        self.start_tour(url, "marketing_automation_archive", login="novice", timeout=120)
        self.assertEqual((self.campaign.active, self.campaign.state), (True, "running"))
        self.assertFalse(draft.active)

    # ------------------------------------------------------------
    # Nothing there yet
    # ------------------------------------------------------------

    def test_each_screen_says_what_fills_it(self):
        """Those of our menus, and those that our buttons open."""
        domain = [("module", "=like", "marketing_automation%"), ("model", "=", "ir.actions.act_window")]
        windows = self.env["ir.actions.act_window"].browse(self.env["ir.model.data"].search(domain).mapped("res_id"))
        root = self.env.ref("marketing_automation.marketing_automation_menu")
        actions = self.env["ir.ui.menu"].search([("id", "child_of", root.id)]).mapped("action")
        windows |= windows.browse(action.id for action in actions if action and action._name == windows._name)
        silent = windows.filtered(
            lambda window: (
                window.target != "new" and window.view_mode != "form" and not html2plaintext(window.help or "").strip()
            )
        )
        self.assertFalse(silent.mapped("xml_id"))
