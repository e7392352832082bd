from odoo.tests import tagged

from odoo.addons.marketing_automation.tests import rights_case
from odoo.addons.marketing_automation.tests.rights_table import table_of


@tagged("post_install", "-at_install")
class TestRightsTable(rights_case.RightsTableCase):
    """Every field and method that this addon adds."""

    module = "marketing_automation_base_automation"
    table = table_of(
        USER_FIELDS={
            "marketing.entry": {
                "event_kind": "created",
                "event_link": "res.partner:parent_id",
                "event_domain": "[]",
                "event_page": "/pricing",
                "event_hours": 3,
                "event_record_id": False,
                "event_list_id": False,
                "event_form": "crm.lead",
                "event_form_page": "/contactus",
                "event_field": "user_id",
                "event_from": [1],
                "event_to": [2],
            },
        },
        ENGINE_FIELDS={
            "marketing.entry": {
                *("event_model", "event_is_general", "event_is_filtered", "event_choices", "event_record_model"),
                *("event_is_chosen", "event_values"),
                *("settled_id", "seen_id", "seen_date"),
            },
        },
    )
