"""Who comes in: the ways into a campaign, one file for each type in ``types/``."""

from . import (
    marketing_entry,
    due,
    marketing_campaign,
    marketing_entry_call,
    numbers,
    marketing_participant,
    types,
    people,
)
