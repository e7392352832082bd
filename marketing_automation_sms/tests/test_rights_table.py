from odoo.tests import tagged

from odoo.addons.marketing_automation.tests import rights_case
from odoo.addons.marketing_automation.tests.rights_table import table_of


@tagged("post_install", "-at_install")
class TestRightsTable(rights_case.RightsTableCase):
    """This addon adds no field and no public method: types, triggers and guards alone."""

    module = "marketing_automation_sms"
    table = table_of()
