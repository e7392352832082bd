from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestEnroll(MarketingAutomationCommon):
    """“Add to campaign” on a selection, and “Campaigns” on a record's form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls.contacts[0]
        cls.campaign = cls._create_campaign()
        cls._create_action(cls.campaign, "Act")
        cls.partners = cls.env["res.partner"]

    def _dialog(self, records, user=None):
        """Return the form of the dialog, opened on a selection."""
        context = {"active_model": records._name, "active_ids": records.ids, "active_id": records[:1].id}
        return Form(self.env["marketing.campaign.enroll"].with_user(user or self.marketer).with_context(**context))

    def _enroll(self, records, user=None):
        """Add records to the one campaign that runs; return the dialog's wizard and what it answers."""
        wizard = self._dialog(records, user).save()
        with self._at(self.start):
            return wizard, wizard.action_enroll()

    def _left_out(self, wizard):
        return {line.reason: line.res_ids for line in wizard.line_ids}

    def test_all_are_added(self):
        self._start(self.campaign)
        new = self.partners.create([{"name": name, "category_id": [(4, self.category.id)]} for name in ("Fay", "Gus")])
        _wizard, answer = self._enroll(new)
        self.assertEqual(answer["tag"], "display_notification")
        self.assertIn("2 record(s) added to “Prospection”", answer["params"]["message"])
        participants = self.campaign.participant_ids.filtered(lambda participant: participant.res_id in new.ids)
        self.assertEqual(participants.mapped("source"), ["hand", "hand"])

    def test_what_is_left_out_and_why(self):
        self.campaign.unique_field_id = self.env["ir.model.fields"]._get("res.partner", "email")
        self._start(self.campaign)
        category = [(4, self.category.id)]
        new, twin, stranger, gone = self.partners.create(
            [
                {"name": "New", "email": "new@people.example.com", "category_id": category},
                {"name": "Twin", "email": self.ada.email, "category_id": category},
                {"name": "Stranger", "email": "stranger@people.example.com"},
                {"name": "Gone", "category_id": category},
            ]
        )
        gone_id = gone.id
        wizard = self._dialog(self.ada + new + twin + stranger + gone).save()
        gone.unlink()
        with self._at(self.start):
            answer = wizard.action_enroll()
        self.assertEqual((answer["res_model"], answer["res_id"]), (wizard._name, wizard.id))
        self.assertEqual((wizard.state, wizard.enrolled_count), ("done", 1))
        self.assertEqual(
            self._left_out(wizard),
            {
                "no_access": [gone_id],
                "participant": self.ada.ids,
                "filter_mismatch": stranger.ids,
                "duplicate": twin.ids,
            },
        )
        action = wizard.line_ids.filtered(lambda line: line.reason == "duplicate").action_view_records()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), twin)

    def test_who_was_removed_is_not_added_again(self):
        self._start(self.campaign)
        self._participant(self.campaign, self.ada).with_user(self.marketer).action_remove()
        wizard, _answer = self._enroll(self.ada)
        self.assertEqual((wizard.enrolled_count, self._left_out(wizard)), (0, {"participant": self.ada.ids}))

    def test_only_running_campaigns_of_that_target(self):
        self.assertFalse(self._dialog(self.contacts).campaign_count)
        self._start(self.campaign)
        self.assertEqual(self._dialog(self.contacts).campaign_id, self.campaign)
        contact = self.env["mailing.contact"].create({"name": "Of another target"})
        self.assertFalse(self._dialog(contact).campaign_count)
        other = self._create_campaign(name="Other")
        self._create_action(other, "Act")
        self._start(other)
        dialog = self._dialog(self.contacts)
        self.assertEqual((dialog.campaign_count, dialog.campaign_id), (2, self.env["marketing.campaign"]))
        wizard = self.env["marketing.campaign.enroll"].with_user(self.marketer)
        for campaign_id in (False, self.campaign.id):
            values = {"model_name": "mailing.contact", "res_ids": contact.ids, "campaign_id": campaign_id}
            with self.assertRaisesRegex(UserError, "whose target is what you have selected"):
                wizard.create(values).action_enroll()

    def test_nobody_adds_whom_they_may_not_see(self):
        self._start(self.campaign)
        new = self.partners.create({"name": "Secret", "category_id": [(4, self.category.id)]})
        self.env["ir.rule"].create(
            {
                "name": "No secrets",
                "model_id": self.model_partner.id,
                "domain_force": "[('name', '!=', 'Secret')]",
                "groups": [(4, self.env.ref("base.group_no_one").id)],
            }
        )
        clerk = new_test_user(
            self.env,
            login="newcomer",
            groups="base.group_user,base.group_no_one,marketing_automation.group_marketing_automation_user",
        )
        wizard = self.env["marketing.campaign.enroll"].with_user(clerk)
        values = {"model_name": "res.partner", "res_ids": new.ids, "campaign_id": self.campaign.id}
        wizard = wizard.create(values)
        wizard.action_enroll()
        self.assertEqual(self._left_out(wizard), {"no_access": new.ids})
        self.assertFalse(self._participant(self.campaign, new))

    def test_only_for_our_groups(self):
        mailer = new_test_user(self.env, login="mailer", groups="mass_mailing.group_mass_mailing_user")
        with self.assertRaises(AccessError):
            self._dialog(self.contacts, mailer)
        for model in ("res.partner", "mailing.contact"):
            for user, expected in ((self.marketer, True), (mailer, False)):
                bindings = self.env["ir.actions.actions"].with_user(user).get_bindings(model)
                found = [action for action in bindings.get("action", []) if action["name"] == "Add to campaign"]
                self.assertEqual(bool(found), expected, f"{model}, {user.login}")

    # ------------------------------------------------------------
    # The button on the record's form
    # ------------------------------------------------------------

    def test_campaigns_of_a_record(self):
        """Those of the record, tests excepted; the one there is opens at once."""
        self._start(self.campaign)
        wizard = self.env["marketing.campaign.test"].with_user(self.marketer)
        wizard.create({"campaign_id": self.campaign.id, "res_id": self.ada.id, "confirmed": True}).action_launch_test()
        ada = self.ada.with_user(self.marketer)
        self.assertEqual(ada.marketing_participant_count, 1)
        action = ada.action_view_marketing_participants()
        participant = self._participant(self.campaign, self.ada).with_user(self.marketer)
        self.assertEqual(action["res_id"], participant.id)
        names = participant.display_name, participant.with_context(**action["context"]).display_name
        self.assertEqual(names, ("Ada", "Prospection"))
        other = self._create_campaign(name="Other")
        self._create_action(other, "Act")
        self._start(other)
        ada.invalidate_recordset()
        self.assertEqual(ada.marketing_participant_count, 2)
        action = ada.action_view_marketing_participants()
        found = self.env["marketing.participant"].search(action["domain"])
        self.assertEqual(found, self._participant(self.campaign, self.ada) + self._participant(other, self.ada))
        self.assertEqual(action["display_name"], "Campaigns of Ada")
        stranger = self.partners.create({"name": "Stranger"})
        self.assertEqual(stranger.marketing_participant_count, 0)

    def test_one_query_for_a_list(self):
        self._start(self.campaign)
        contacts = self.contacts.with_user(self.marketer)
        contacts.mapped("marketing_participant_count")  # what is cached once and for all
        contacts.invalidate_recordset()
        with self.assertQueryCount(1):
            self.assertEqual(contacts.mapped("marketing_participant_count"), [1] * 5)

    def test_the_button_is_for_our_groups(self):
        mailer = new_test_user(self.env, login="mailer", groups="mass_mailing.group_mass_mailing_user")
        for model, view in (
            ("res.partner", "base.view_partner_form"),
            ("mailing.contact", "mass_mailing.mailing_contact_view_form"),
        ):
            view_id = self.env.ref(view).id
            for user, expected in ((self.marketer, True), (mailer, False)):
                arch = self.env[model].with_user(user).get_view(view_id, "form")["arch"]
                self.assertEqual("action_view_marketing_participants" in arch, expected, f"{model}, {user.login}")
        with self.assertRaises(AccessError):
            self.ada.with_user(mailer).read(["marketing_participant_count"])
        with self.assertRaises(AccessError):
            self.ada.with_user(mailer).action_view_marketing_participants()
