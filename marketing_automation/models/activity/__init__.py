from . import (
    marketing_activity,
    marketing_activity_branch,
    cards,
    checks,
    choice,
    clipboard,
    labels,
    links,
    palette,
    statistics,
    types,
    waits,
)
