from . import (
    ir_actions_server,
    labels,
    problems,
    rights,
    shipped,
)
