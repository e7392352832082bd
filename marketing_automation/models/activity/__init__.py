from . import (
    marketing_activity,
    marketing_activity_branch,
    cards,
    checks,
    choice,
    labels,
    statistics,
    types,
    waits,
)
