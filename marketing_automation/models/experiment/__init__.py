from . import (
    marketing_activity,
    marketing_activity_branch,
    marketing_campaign,
    results,
)
