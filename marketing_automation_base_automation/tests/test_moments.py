"""Events of other apps, as far as these are installed here; /tests/test_moments.py causes all of them as users do."""

import base64
import json

from odoo.exceptions import UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import Form, tagged

from .test_events import EventCommon

REGISTRATION_DESK = "event.group_event_registration_desk"


@tagged("post_install", "-at_install")
class TestMoments(EventCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        dates = {"date_begin": "2026-07-01 10:00:00", "date_end": "2026-07-01 12:00:00"}
        cls.fair = cls.env["event.event"].create({"name": "Fair", **dates})

    def test_offered_with_its_app_alone(self):
        """And where it leads to who enters; an entry of another app's event says what is wrong."""
        entry = self._create_entry("created")
        kinds = {name for name, *_words in entry.event_choices["kinds"]}
        self.assertLessEqual({"registered", "attended", "subscription"}, kinds)
        self.assertFalse(kinds & {"cart", "purchase", "page", "answered", "form"})
        entry.event_kind = "cart"
        self.assertEqual(entry.problem, "The app of the event “A cart is left” was uninstalled: choose another event.")

    def test_the_form(self):
        """What is chosen of an event is asked for by its own name."""
        self.marketer.group_ids += self.env.ref(REGISTRATION_DESK)
        entries = self.env["marketing.entry"].with_user(self.marketer)
        with Form(
            entries.with_context(default_campaign_id=self.campaign.id),
            "marketing_automation.marketing_entry_view_form",
        ) as form:
            form.entry_type = "event"
            form.event_kind = "registered"
            form.event_record_id = self.fair.id
        self.assertEqual(form.record.sentence, "Registered for “Fair”")

    def test_events_go_along_in_a_file(self):
        """Without ids: what an event is about, its values, and what its condition names are found again by name."""
        self.marketer.group_ids += self.env.ref(REGISTRATION_DESK)
        tag = self.env["res.partner.category"].create({"name": "Gold of 2026"})
        entries = self._create_entry("registered", event_record_id=self.fair.id)
        entries |= self._create_entry("tag", event_to=tag.ids)
        entries |= self._create_entry("created", event_domain=f"[('category_id', 'in', {tag.ids})]")
        entries |= self._create_entry("changed", event_field="is_company", event_from=[False], event_to=[True])
        campaign = self.campaign.with_user(self.marketer)
        campaign.marketing_activity_ids.unlink()  # its code is nothing for marketers
        content = campaign._export_file()
        names = {"Fair", "Gold of 2026"}
        self.assertLessEqual(names, {reference["name"] for reference in json.loads(content)["references"]})
        dialog = self.env["marketing.campaign.import"].with_user(self.marketer)
        dialog = dialog.create({"file": base64.b64encode(content)})
        dialog.action_preview()
        self.assertFalse(dialog.note_text or dialog.refused_text or dialog.line_ids)
        draft = self.env["marketing.campaign"].browse(dialog.action_import()["res_id"]).with_user(self.marketer)
        for fname in ("event_kind", "event_record_id", "event_from", "event_to", "event_domain", "sentence"):
            self.assertEqual(*(one.entry_ids.mapped(fname) for one in (draft, campaign)), fname)
        self.assertEqual(draft._export_file(), content)

    def test_a_new_form_asks_for_what_the_choice_needs(self):
        """Odoo's onchange knows of a new record only what its form has: without the campaign there was no target."""
        entries = self.env["marketing.entry"].with_user(self.marketer)
        form = Form(entries.with_context(default_campaign_id=self.campaign.id))
        form.entry_type = "event"
        form.event_kind = "tag"
        self.assertEqual((form.event_model, form.event_values), ("res.partner", "to"))
        self.assertTrue(form.event_choices["value"])

    def test_nobody_is_told_of_what_they_may_not_read(self):
        with self.assertRaisesRegex(ValidationError, "that you may read"):
            self._create_entry("registered", event_record_id=self.fair.id)
        entry = self._create_entry("registered")
        self.assertIn("Mara Marketer may not read “Event Registration”", entry.problem)
        with self.assertRaisesRegex(UserError, "may not read “Event Registration”"):
            self._start(self.campaign)
        self.marketer.group_ids += self.env.ref(REGISTRATION_DESK)
        entry.event_record_id = self.fair.id
        self.assertFalse(entry.problem)
        self.assertEqual(entry.sentence, "Registered for “Fair”")
        for number in (-1, 2**31 - 1, 2**40):
            with self.assertRaises(UserError), self.cr.savepoint():
                call_kw(
                    self.env(user=self.marketer)["marketing.entry"],
                    "write",
                    [entry.ids, {"event_record_id": number}],
                    {},
                )
        self._start(self.campaign)
        self.fair.copy()
        self.fair.unlink()
        self.assertIn("was deleted", entry.problem)
