from . import (
    marketing_activity,
    marketing_participant,
    marketing_trace,
)
