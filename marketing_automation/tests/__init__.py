from . import test_bad_input, test_enrolment, test_schedule, test_story
