"""One file for each type of activity. ``marketing_activity.py`` has what they have in common: how a type is found."""

from . import marketing_activity, condition, email, end, form, jump, server_action, split, winner
from . import behaviours, wait
from . import settable_fields, together, people  # what plain steps share
from . import update, subscribe, assign, task, notify  # in the order in which they are offered
