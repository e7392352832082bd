from odoo.tests import tagged

from . import rights_case


@tagged("post_install", "-at_install")
class TestRightsTable(rights_case.RightsTableCase):
    """Every field and method of this addon."""
