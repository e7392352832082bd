"""One file for each type of entry. ``marketing_entry.py`` beside this folder has what they have in common."""

from . import filter, date, anniversary, form, webhook
