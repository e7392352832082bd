from . import (
    marketing_activity,
    cards,
    checks,
    choice,
    labels,
    statistics,
    types,
    waits,
)
