from . import (
    test_bad_input,
    test_campaign,
    test_endings,
    test_enrolment,
    test_events,
    test_execution,
    test_guards,
    test_schedule,
    test_server_actions,
    test_story,
    test_testing,
    test_update,
)
