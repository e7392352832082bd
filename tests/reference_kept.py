"""Stories that are told in every run: what chance brings too rarely, and each of which has found something."""

from datetime import datetime, timedelta

from reference_stories import AT_ONCE, FIRST, HERO, HERO_EMAIL, PENDING, ROOT, TARGET, TWIN, TWIN_EMAIL, Story

NOW, HOUR, DAY = timedelta(0), timedelta(hours=1), timedelta(days=1)
ALONE = [(0, HERO_EMAIL, HERO)]


def _step(key, trigger, **values):
    parent = None if trigger == "begin" else ROOT
    return {**FIRST, "key": key, "parent": parent, "trigger": trigger, "interval": PENDING, **values}


def _story(*moves, steps, records=ALONE):
    return Story(
        tz="Europe/Brussels",
        start=datetime(2026, 6, 1, 8),
        steps=[FIRST, *steps],
        colors=None,
        leave=True,
        records=records,
        moves=[("start",), ("run", NOW), *moves],
    )


KEPT = {
    "an event of an earlier attempt accepts no message": _story(
        ("event", (HERO, ROOT), "failed"),
        ("run", NOW),
        ("event", (HERO, ROOT), "click"),
        ("retry", (HERO, ROOT)),
        ("run", NOW),
        ("event", (HERO, ROOT), "failed"),
        ("run", NOW),
        steps=[_step(TARGET, "mail_click")],
    ),
    "of several events that are recorded meanwhile the first counts": _story(
        ("live", NOW),
        ("stop",),
        ("event", (HERO, ROOT), "open"),
        ("run", HOUR),
        ("event", (HERO, ROOT), "open"),
        ("start",),
        ("run", NOW),
        steps=[_step(TARGET, "mail_open")],
    ),
    "an address goes to who was due first, though another step runs before": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "open"),
        ("run", NOW),
        ("add", (0, HERO_EMAIL, TWIN)),
        ("sync",),
        ("run", 4 * DAY),
        steps=[_step("early", "mail_open", interval=(1, "hours")), _step(TARGET, "begin")],
    ),
    "who came first goes first": _story(
        ("live", NOW),
        ("add_step", _step(TARGET, "activity")),
        ("update", "skip"),
        ("email", TWIN, HERO_EMAIL),
        ("run", 4 * DAY),
        steps=[],
        records=[*ALONE, (0, TWIN_EMAIL, TWIN)],
    ),
    "a retry of a removed step": _story(
        ("break", (HERO, TARGET), True),
        ("run", 4 * DAY),
        ("remove_step", TARGET),
        ("update", "skip"),
        ("retry", (HERO, TARGET)),
        ("run", NOW),
        steps=[_step(TARGET, "begin", kind="action")],
    ),
    "an expiry is lifted": _story(
        ("live", NOW),
        ("run", DAY),
        ("event", (HERO, ROOT), "open"),
        ("run", NOW),
        ("expire_step", TARGET, None),
        ("run", HOUR),
        ("update", "skip"),
        steps=[_step(TARGET, "mail_open", interval=AT_ONCE, expiry=(2, "hours"))],
    ),
}
