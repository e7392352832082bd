"""Helpers for tests of campaigns and leads."""

from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon


class LeadsCommon(MarketingAutomationCommon):
    """Leads, and a marketer who is a salesperson too: one who sees their own leads only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer.group_ids = [Command.link(cls.env.ref("sales_team.group_sale_salesman").id)]
        cls.outsider = new_test_user(
            cls.env,
            login="oda",
            name="Oda Outsider",
            groups="base.group_user,marketing_automation.group_marketing_automation_user",
        )
        cls.seller = new_test_user(
            cls.env,
            login="seller",
            name="Sam Seller",
            email="sam@sales.example.com",
            groups="base.group_user,sales_team.group_sale_salesman",
        )
        cls.team = cls.env["crm.team"].create(
            {"name": "Shop", "alias_name": "shop.leads", "use_leads": True, "company_id": False}
        )
        cls.model_lead = cls.env["ir.model"]._get("crm.lead")
        cls.tag = cls.env["crm.tag"].create({"name": "Fair"})
        cls.leads = cls._create_leads("Fay", "Gus", "Hal")

    @classmethod
    def _create_leads(cls, *names, **values):
        """Create leads of the marketer's, with an address each; nobody is told of the assignment."""
        return (
            cls.env["crm.lead"]
            .with_context(mail_auto_subscribe_no_notify=True)
            .create(
                [
                    {
                        "name": name,
                        "type": "lead",
                        "email_from": f"{name.lower()}@leads.example.com",
                        "phone": f"+32 470 00 00 {number:02}",
                        "user_id": cls.marketer.id,
                        "team_id": cls.team.id,
                        "tag_ids": [Command.link(cls.tag.id)],
                        **values,
                    }
                    for number, name in enumerate(names)
                ]
            )
            .with_context(mail_auto_subscribe_no_notify=False)
        )

    @classmethod
    def _create_lead_campaign(cls, **values):
        """Create a draft campaign of the marketer, on the leads."""
        return cls._create_campaign(
            **{"model_id": cls.model_lead.id, "domain": repr([("tag_ids", "in", cls.tag.ids)]), **values}
        )
