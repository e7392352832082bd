from odoo.tests import tagged

from odoo.addons.marketing_automation.tests import rights_case
from odoo.addons.marketing_automation.tests.rights_table import table_of


@tagged("post_install", "-at_install")
class TestRightsTable(rights_case.RightsTableCase):
    """Every field and method that this addon adds."""

    module = "marketing_automation_crm"
    table = table_of(
        ENGINE_FIELDS={
            "marketing.campaign": {
                "crm_lead_count",
                "crm_revenue",
                "crm_currency_id",
                "crm_won_count",
                "crm_won_revenue",
            }
        },
        METHODS={
            "marketing.campaign": {"action_view_leads": [], "action_view_revenue": [], "action_view_won_leads": []}
        },
    )
