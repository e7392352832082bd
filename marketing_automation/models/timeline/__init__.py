from . import (
    handovers,
    marketing_activity,
    marketing_participant,
    marketing_trace,
    runs,
)
