from . import (
    clocks,
    hours,
    marketing_activity,
    marketing_campaign,
    marketing_trace,
)
