from . import (
    test_bad_input,
    test_campaign,
    test_enrolment,
    test_execution,
    test_guards,
    test_schedule,
    test_story,
    test_testing,
)
