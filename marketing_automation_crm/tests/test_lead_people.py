from odoo.tests import tagged

from .common import LeadsCommon


@tagged("post_install", "-at_install")
class TestLeadPeople(LeadsCommon):
    """Leads as people: their participants, the button on their form, “Add to campaign”."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_lead_campaign()
        cls._create_action(cls.campaign, "Act", code="record.write({'priority': '2'})")
        cls.fay = cls.leads[0]

    def test_campaigns_of_a_lead(self):
        self._start(self.campaign)
        fay = self.fay.with_user(self.marketer)
        self.assertEqual(fay.marketing_participant_count, 1)
        self.assertEqual(fay.action_view_marketing_participants()["res_id"], self._participant(self.campaign, fay).id)
        view_id = self.env.ref("crm.crm_lead_view_form").id
        for user, expected in ((self.marketer, True), (self.seller, False)):
            arch = self.env["crm.lead"].with_user(user).get_view(view_id, "form")["arch"]
            self.assertEqual("action_view_marketing_participants" in arch, expected, user.login)

    def test_add_leads_to_a_campaign(self):
        self._start(self.campaign)
        new = self._create_leads("Ida")
        other = self._create_leads("Ole", tag_ids=[])
        for user, expected in ((self.marketer, True), (self.seller, False)):
            bindings = self.env["ir.actions.actions"].with_user(user).get_bindings("crm.lead")
            found = [action for action in bindings.get("action", []) if action["name"] == "Add to campaign"]
            self.assertEqual(bool(found), expected, user.login)
        context = {"active_model": "crm.lead", "active_ids": (new + other).ids}
        wizard = self.env["marketing.campaign.enroll"].with_user(self.marketer).with_context(**context).create({})
        self.assertEqual(wizard.campaign_id, self.campaign)
        with self._at(self.start):
            wizard.action_enroll()
        self.assertEqual(self._participant(self.campaign, new).source, "hand")
        self.assertEqual((wizard.line_ids.reason, wizard.line_ids.res_ids), ("filter_mismatch", other.ids))

    def test_who_may_not_read_leads(self):
        """They see that somebody is in the campaign and what is due, but not who it is."""
        self._start(self.campaign)
        participant = self._participant(self.campaign, self.fay).with_user(self.outsider)
        fields = {
            "display_name": {},
            "resource_ref": {"fields": {"display_name": {}}},
            "timeline_data": {},
        }
        [values] = participant.web_read(fields)
        self.assertEqual(values["display_name"], f"Record {self.fay.id}")
        self.assertNotIn("Fay", str(values))
        self.assertEqual(values["timeline_data"]["steps"][0]["state"], "scheduled")
