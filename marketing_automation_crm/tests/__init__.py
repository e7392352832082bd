from . import (
    test_lead_merge,
    test_lead_numbers,
    test_lead_people,
    test_lead_reach,
    test_lead_steps,
    test_lead_templates,
    test_leads,
    test_rights_table,
    test_tour,
)
