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


def format_weekday(env, moment, now, tz):
    """Return a moment in words that soon comes, by its day of the week: “Monday 9:00 AM”; a later one by its date too.

    :param env: of the reader, for their language
    :param datetime moment: naive UTC
    :param datetime now: naive UTC
    :param str tz: name of the zone whose clock shows it
    :rtype: str
    """
    locale, zone = babel_locale_parse(env.lang), pytz.timezone(tz)
    local, today = (pytz.utc.localize(value).astimezone(zone) for value in (moment, now))
    words = [babel.dates.format_date(local, "EEEE", locale=locale)]
    if (local.date() - today.date()).days > 6:
        words.append(babel.dates.format_date(local, "medium", locale=locale))
    return " ".join([*words, babel.dates.format_time(local, "short", locale=locale)])
