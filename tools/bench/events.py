"""An open and a click of a campaign's message beside those of Odoo's own mailing: what our hooks add."""

from statistics import median

from .laps import alternate, lap, superuser
from .lines import at_most, line

EVENTS_EACH = 100  # messages of one run


def measure(registry, size, runs):
    """Each event in a transaction of its own, as the routes of the open pixel and of links have it."""
    lines = []
    for name, tell in [("open", _open), ("click", _click)]:
        messages = {of_campaign: _Messages(registry, of_campaign, name, runs) for of_campaign in (True, False)}
        sides = [lambda: _tell(registry, messages[True], tell), lambda: _tell(registry, messages[False], tell)]  # noqa: B023
        for side in sides:
            side()  # fills the caches
        ours, odoo = alternate(runs, *sides, between=lambda: None)
        mine, theirs = ([time.per(EVENTS_EACH)[0] for time in laps] for laps in (ours, odoo))
        notes = {
            "ms added": median(a - b for a, b in zip(mine, theirs, strict=True)),
            "queries added": (ours[-1].queries - odoo[-1].queries) / EVENTS_EACH,
        }
        lines.append(line(f"event: {name}", "ms each", mine, theirs, at_most("ms added", 5), notes))
    return lines


class _Messages:
    """Messages that nothing has happened to yet, of a campaign or of a mailing of Odoo's, with a link in them."""

    def __init__(self, registry, of_campaign, name, runs):
        with superuser(registry) as env:
            domain = [("trace_status", "=", "sent"), ("links_click_datetime", "=", False)]
            domain.append(("marketing_trace_id", "!=" if of_campaign else "=", False))
            found = env["mailing.trace"].search(domain, limit=EVENTS_EACH * (runs + 1))
            self.ids = found.ids
            mailing = found.mass_mailing_id
            link = {"url": f"https://shop.example.com/{name}/{mailing.id}", "title": "News"}
            self.code = env["link.tracker"].create([{**link, "mass_mailing_id": mailing.id}]).code


def _tell(registry, messages, tell):
    ids = [messages.ids.pop() for _event in range(EVENTS_EACH)]
    with lap() as time:
        for mailing_trace_id in ids:
            with superuser(registry) as env:
                tell(env, mailing_trace_id, messages.code)
    return time


def _open(env, mailing_trace_id, _code):
    env["mailing.trace"].set_opened(domain=[("id", "in", [mailing_trace_id])])


def _click(env, mailing_trace_id, code):
    address = f"10.0.{mailing_trace_id // 256 % 256}.{mailing_trace_id % 256}"
    env["link.tracker.click"].add_click(code, ip=address, mailing_trace_id=mailing_trace_id)
