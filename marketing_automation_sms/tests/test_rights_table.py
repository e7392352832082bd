from odoo.tests import tagged

from odoo.addons.marketing_automation.tests import rights_case
from odoo.addons.marketing_automation.tests.rights_table import table_of


@tagged("post_install", "-at_install")
class TestRightsTable(rights_case.RightsTableCase):
    """This addon adds no public method, and few fields: one for the queue, two in Settings."""

    module = "marketing_automation_sms"
    table = table_of(
        FIELDS_ON_ODOO={
            "sms.sms": {"marketing_handover": "engine"},
            "res.config.settings": {
                "marketing_automation_cap_sms": "odoo",
                "marketing_automation_cap_sms_on": "odoo",
            },
        }
    )
