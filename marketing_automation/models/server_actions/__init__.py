from . import (
    enrolment,
    ir_actions_server,
    labels,
    problems,
    rights,
    shipped,
)
