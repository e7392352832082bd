"""Something happens to a record, and it enters, or one to which it leads."""

from lxml import etree

from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.marketing_automation.tests.accounts import CONTACTS
from odoo.addons.marketing_automation.tests.common import EXECUTION_CRON, MarketingAutomationCommon


class EventCommon(MarketingAutomationCommon):
    """A campaign that people enter by an event."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign(domain="[('email', '!=', False)]")
        cls._create_action(cls.campaign, "Act", interval_number=2, interval_type="days")
        cls.campaign.entry_ids.unlink()
        cls.clerk = new_test_user(cls.env, login="clerk", groups=f"base.group_user,{CONTACTS}")
        cls.ada, cls.ben, cls.cleo, cls.dan, cls.eve = cls.contacts

    @classmethod
    def _create_entry(cls, kind, campaign=None, **values):
        values = {"campaign_id": (campaign or cls.campaign).id, "entry_type": "event", "event_kind": kind, **values}
        return cls.env["marketing.entry"].with_user(cls.marketer).create(values)

    def _inside(self, campaign=None):
        self._run_crons(self.start, EXECUTION_CRON)
        participants = (campaign or self.campaign).sudo().participant_ids
        return self.env["res.partner"].browse(participants.filtered(lambda p: p.state == "running").mapped("res_id"))

    def _as_clerk(self, records):
        return records.with_user(self.clerk)


@tagged("post_install", "-at_install")
class TestEvents(EventCommon):
    def test_each_field_of_the_form_has_its_label(self):
        """Odoo shows no labels of the fields that stand beside a group in a group (form_compiler.js, 19.0)."""
        arch = self.env["marketing.entry"].with_user(self.marketer).get_view(view_type="form")["arch"]
        [what] = etree.fromstring(arch).xpath("//group[@name='what']")
        self.assertTrue(what.xpath("field[@name='event_list_id'][contains(@invisible, 'subscription')]"))
        self.assertFalse(what.xpath(".//group"))

    def test_a_new_record_enters(self):
        """Whoever makes it, by whatever way, and nobody waits: the engine does the rest."""
        entry = self._create_entry("created")
        self.assertEqual(entry.sentence, "A new record is made")
        self.assertFalse(entry.problem)
        self._start(self.campaign)
        values = [{"name": "Fay", "email": "fay@people.example.com"}, {"name": "Without an Address"}]
        fay, _other = self.env["res.partner"].with_user(self.clerk).create(values)
        self.env.flush_all()
        self.assertFalse(self.campaign.sudo().participant_ids)
        self.assertEqual(self._inside(), fay.sudo())
        participant = self.campaign.sudo().participant_ids
        self.assertEqual((participant.source, participant.entry_id), ("event", entry))
        self.assertFalse(self.env["marketing.entry.request"].search([]))

    def test_what_links_to_a_record_brings_it_in(self):
        entry = self._create_entry("created", event_link="res.partner:parent_id")
        self.assertEqual(entry.sentence, "A new record is made (Contact › Related Company)")
        self._start(self.campaign)
        self.env["res.partner"].create({"name": "Fay", "email": "fay@people.example.com", "parent_id": self.ada.id})
        self.assertEqual(self._inside(), self.ada)

    def test_a_campaign_that_does_not_run_is_told_nothing(self):
        self._create_entry("created")
        self.env["res.partner"].create({"name": "Fay", "email": "fay@people.example.com"})
        self._start(self.campaign)
        self.campaign.action_stop_campaign()
        self.env["res.partner"].create({"name": "Gus", "email": "gus@people.example.com"})
        self.assertFalse(self.env["marketing.entry.request"].search([]))

    # ------------------------------------------------------------
    # Each kind
    # ------------------------------------------------------------

    def _begin(self, kind, **values):
        entry = self._create_entry(kind, **values)
        self.assertFalse(entry.problem)
        self._start(self.campaign)
        return entry

    def test_a_tag_is_added(self):
        tag, other = self.env["res.partner.category"].create([{"name": "Fan"}, {"name": "Other"}])
        entry = self._begin("tag", event_to=tag.ids)
        self.assertEqual(entry.sentence, "It gets a tag: “Fan”")
        self.ada.category_id += other
        self.ada.with_user(self.clerk).category_id += tag
        self.ben.write({"category_id": [Command.set(tag.ids)]})
        new = self.env["res.partner"].create({"name": "F", "email": "f@people.example.com", "category_id": tag.ids})
        self.assertEqual(self._inside(), self.ada + self.ben + new)
        self.ada.category_id -= other
        self.assertFalse(self.env["marketing.entry.request"].search([]))

    def test_a_field_changes(self):
        self._begin("changed", event_field="is_company", event_from=[False], event_to=[True])
        self.ada.is_company = False
        self.ben.is_company = True
        self.assertEqual(self._inside(), self.ben)

    def test_a_record_is_assigned(self):
        self._begin("assigned", event_to=self.marketer.ids)
        (self.ada + self.ben).user_id = self.clerk
        self.ben.user_id = self.marketer
        self.assertEqual(self._inside(), self.ben)

    def test_a_record_is_archived_and_comes_back(self):
        self._begin("archived", event_link="res.partner:parent_id")
        child = self.env["res.partner"].create({"name": "Child", "parent_id": self.ada.id})
        child.action_archive()
        self.assertEqual(self._inside(), self.ada)

    def test_an_archived_record_itself_needs_a_filter_that_lets_it_in(self):
        entry = self._create_entry("archived")
        self.assertRegex(entry.problem, "Active")
        self.campaign.domain = "[('active', 'in', [True, False])]"
        entry.invalidate_recordset()
        self.assertFalse(entry.problem)
        self._start(self.campaign)
        self.ada.action_archive()
        self.assertEqual(self._inside(), self.ada)

    def test_a_record_comes_back(self):
        self.ada.action_archive()
        self._begin("unarchived")
        self.ada.action_unarchive()
        self.assertEqual(self._inside(), self.ada)

    def test_a_lead_comes_to_a_stage(self):
        """Its contact enters; so does that of a lead which begins there."""
        self.marketer.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        new, offer = self.env["crm.stage"].create([{"name": "Just new"}, {"name": "Offer made"}])
        entry = self._begin("stage", event_link="crm.lead:partner_id", event_to=offer.ids)
        self.assertEqual(entry.sentence, "It comes to a stage: “Offer made” (Lead › Contact)")
        leads = self.env["crm.lead"]
        moved = leads.create({"name": "Lamps", "partner_id": self.ada.id, "stage_id": new.id})
        leads.create({"name": "Bulbs", "partner_id": self.ben.id, "stage_id": offer.id})
        leads.create({"name": "Cables", "partner_id": self.cleo.id, "stage_id": new.id})
        self.assertEqual(self._inside(), self.ben)
        moved.with_user(self.env.ref("base.user_admin")).stage_id = offer
        self.assertEqual(self._inside(), self.ada + self.ben)

    def test_a_field_of_a_lead_changes(self):
        self.marketer.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        self._begin("changed", event_link="crm.lead:partner_id", event_field="priority", event_to=["3"])
        values = [{"name": contact.name, "partner_id": contact.id} for contact in self.ada + self.ben]
        first, second = self.env["crm.lead"].create(values)
        first.priority, second.priority = "1", "3"
        self.assertEqual(self._inside(), self.ben)

    def test_a_message_comes_in(self):
        self._begin("received")
        post = {"body": "Hello", "subtype_xmlid": "mail.mt_comment"}
        self.ada.message_post(message_type="comment", author_id=self.env.user.partner_id.id, **post)
        self.ben.message_post(message_type="email", author_id=self.ben.id, **post)
        self.cleo.message_post(message_type="notification", author_id=self.cleo.id, **post)
        self.assertEqual(self._inside(), self.ben)

    def test_a_condition_of_what_happens(self):
        entry = self._begin("changed", event_field="name", event_domain="[('is_company', '=', True)]")
        self.assertEqual(entry.sentence, "“Name” changes, if Is a Company is set")
        self.ada.is_company = True
        (self.ada + self.ben).name = "New"
        self.assertEqual(self._inside(), self.ada)
