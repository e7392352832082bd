from . import (
    looks,
    marketing_activity,
    marketing_campaign,
    marketing_participant,
    marketing_trace,
    numbers,
)
