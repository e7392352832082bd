from . import (
    marketing_activity,
    marketing_activity_branch,
    cards,
    checks,
    choice,
    clipboard,
    labels,
    palette,
    statistics,
    types,
    waits,
)
