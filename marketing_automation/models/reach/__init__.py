from . import (
    marketing_activity,
    marketing_campaign,
    marketing_trace,
    ways,
)
