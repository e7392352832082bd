"""How a moment is shown in a sentence: as the lists and forms of Odoo's web client show it."""

import babel.dates
import pytz

from odoo.tools.misc import babel_locale_parse


def format_moment(env, moment):
    """Return a moment in words, in the reader's zone and language: “Nov 27, 2026, 2:05 PM”.

    :param env: of the reader
    :param datetime moment: naive UTC
    :rtype: str
    """
    locale = babel_locale_parse(env.lang)
    local = pytz.utc.localize(moment).astimezone(pytz.timezone(env.context.get("tz") or env.user.tz or "UTC"))
    date = babel.dates.format_date(local, "medium", locale=locale)
    return f"{date}, {babel.dates.format_time(local, 'short', locale=locale)}"
