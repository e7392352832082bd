from . import (
    test_automation_rules,
    test_event_safety,
    test_events,
    test_moments,
    test_rights_table,
    test_rules_that_enrol,
)
