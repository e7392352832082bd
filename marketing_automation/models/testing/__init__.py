from . import (
    marketing_campaign,
    marketing_participant,
    marketing_trace,
)
