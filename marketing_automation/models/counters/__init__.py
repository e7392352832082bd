from . import (
    marketing_trace_event,
    marketing_campaign,
)
