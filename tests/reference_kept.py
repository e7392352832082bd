"""Stories that are told in every run: what chance brings too rarely, and each of which has found something."""

from dataclasses import replace
from datetime import datetime, timedelta

from reference_stories import (
    AT_ONCE,
    FIRST,
    FORK,
    HERO,
    HERO_EMAIL,
    LATER,
    PENDING,
    ROOT,
    TARGET,
    TWIN,
    TWIN_EMAIL,
    Story,
)

NOW, HOUR, DAY = timedelta(0), timedelta(hours=1), timedelta(days=1)
ALONE = [(0, HERO_EMAIL, HERO)]


def _step(key, trigger, **values):
    parent = None if trigger == "begin" else ROOT
    return {**FIRST, "key": key, "parent": parent, "trigger": trigger, "interval": PENDING, **values}


def _story(*moves, steps, records=ALONE, colors=None, **values):
    return Story(
        tz="Europe/Brussels",
        start=datetime(2026, 6, 1, 8),
        steps=[FIRST, *steps],
        colors=colors,
        leave=True,
        records=records,
        moves=[("start",), ("run", NOW), *moves],
        **values,
    )


FORKED = [
    _step(FORK, "activity", kind="choice", interval=AT_ONCE),
    _step("yes", "choice_yes", parent=FORK, kind="action"),
    _step("no", "choice_no", parent=FORK, kind="email"),
]

LOOP = [
    _step(TARGET, "mail_open", kind="action"),
    _step("again", "activity", kind="back", to=ROOT, limit=2, interval=(1, "days")),
]

KEPT = {
    "who went on in one visit is still waited for in the next": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "open"),
        ("live", DAY),
        ("live", 2 * DAY),
        ("run", 5 * DAY),
        steps=[
            _step(TARGET, "mail_open", kind="action", interval=AT_ONCE, expiry=(5, "days")),
            _step("again", "activity", kind="back", to=ROOT, interval=(1, "days")),
        ],
    ),
    "who shares an address with a duplicate, and got it in the visit before, gets it again": _story(
        ("live", NOW),
        ("email", HERO, TWIN_EMAIL),
        ("live", 2 * DAY),
        ("live", 2 * DAY),
        steps=[_step("again", "activity", kind="back", to=ROOT, limit=2, interval=(1, "days"))],
        records=[*ALONE, (0, TWIN_EMAIL, TWIN)],
    ),
    "each visit has its message, and what follows it": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "open"),
        ("live", DAY),
        ("run", 4 * DAY),
        ("live", NOW),
        ("event", (HERO, f"{ROOT}#2"), "open"),
        ("run", 4 * DAY),
        ("event", (HERO, ROOT), "bounce"),
        ("run", 4 * DAY),
        steps=LOOP,
    ),
    "the branch that was chosen runs, whatever the record becomes": _story(
        ("live", NOW),
        ("color", HERO, 1),
        ("run", 4 * DAY),
        steps=FORKED,
    ),
    "a step that is brought to the other branch is cancelled, one that comes to the chosen one runs": _story(
        ("live", NOW),
        ("retrigger_step", "yes", "choice_no"),
        ("retrigger_step", "no", "choice_yes"),
        ("update", "run"),
        ("run", 4 * DAY),
        steps=FORKED,
    ),
    "a step that is moved below a choice follows what was chosen": _story(
        ("live", NOW),
        ("move_step", TARGET, FORK, "choice_no"),
        ("update", "run"),
        ("move_step", TARGET, FORK, "choice_yes"),
        ("run", 4 * DAY),
        ("move_step", "no", ROOT, "activity"),
        ("update", "skip"),
        ("run", 4 * DAY),
        steps=[*FORKED, _step(TARGET, "activity", kind="action")],
    ),
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
        ("run", NOW),
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
    "who no longer matches leaves when a step is due": _story(
        ("live", NOW),
        ("color", HERO, 1),
        ("run", 4 * DAY),
        steps=[_step(TARGET, "begin")],
        colors=frozenset({0}),
    ),
    "who matches again returns, and what happened meanwhile counts": _story(
        ("live", NOW),
        ("color", HERO, 1),
        ("sync",),
        ("event", (HERO, ROOT), "open"),
        ("run", HOUR),
        ("color", HERO, 0),
        ("sync",),
        ("run", 4 * DAY),
        steps=[_step(TARGET, "mail_open"), _step("later", "begin", interval=(1, "weeks"))],
        colors=frozenset({0}),
    ),
    "a removed step is cancelled": _story(
        ("live", NOW),
        ("remove_step", TARGET),
        ("update", "skip"),
        steps=[_step(TARGET, "begin")],
    ),
    "a moved step awaits its new parent": _story(
        ("live", NOW),
        ("move_step", TARGET, "later", "activity"),
        ("update", "skip"),
        ("run", 4 * DAY),
        ("run", 4 * DAY),
        steps=[_step(TARGET, "begin"), _step("later", "begin", kind="action", interval=LATER)],
    ),
    "a negative that is edited after its event": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "open"),
        ("retime_step", TARGET, LATER),
        ("update", "skip"),
        steps=[_step(TARGET, "mail_not_open")],
    ),
    "a complaint ends the message, and all emails to that address": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "complaint"),
        ("run", NOW),
        ("run", 4 * DAY),
        steps=[
            _step("not", "mail_not_open", kind="action"),
            _step("spam", "mail_complaint", kind="action", interval=AT_ONCE),
            _step("other", "begin"),
        ],
    ),
    "who unsubscribes gets no emails; all else goes on": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "unsubscribe"),
        ("run", NOW),
        ("run", 4 * DAY),
        ("block", HERO, False),
        ("retry", (HERO, "other")),
        ("run", NOW),
        steps=[
            _step("not", "mail_not_open", kind="action"),
            _step("left", "mail_unsubscribe", kind="action", interval=AT_ONCE),
            _step("other", "begin"),
        ],
    ),
    "subscribers leave a list, and may come back": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "unsubscribe"),
        ("run", NOW),
        ("opt_out", HERO, False),
        ("retry", (HERO, "other")),
        ("opt_out", HERO, True),
        ("run", NOW),
        ("retry", (HERO, "other")),
        ("run", NOW),
        ("add", (0, TWIN_EMAIL, TWIN)),
        ("sync",),
        ("opt_out", TWIN, True),
        ("run", 4 * DAY),
        steps=[_step("other", "begin")],
        target="subscriber",
    ),
    "hard and soft bounces": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "soft bounce"),
        ("event", (TWIN, ROOT), "untyped bounce"),
        ("run", NOW),
        ("run", 4 * DAY),
        ("event", (HERO, ROOT), "bounce"),
        ("run", NOW),
        steps=[
            _step("not", "mail_not_open"),
            _step("any", "mail_bounce", kind="action"),
            _step("hard", "mail_bounce", kind="action", interval=AT_ONCE, bounces="hard"),
            _step("soft", "mail_bounce", kind="action", interval=AT_ONCE, bounces="soft"),
        ],
        records=[*ALONE, (0, TWIN_EMAIL, TWIN)],
    ),
    "what is reported, and is none": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "delayed"),
        ("event", (HERO, ROOT), "automatic answer"),
        ("run", NOW),
        ("event", (HERO, ROOT), "receipt"),
        ("run", NOW),
        ("run", 4 * DAY),
        steps=[
            _step("not", "mail_not_open"),
            _step("no", "mail_not_reply"),
            _step("open", "mail_open", kind="action", interval=AT_ONCE),
            _step("bounce", "mail_bounce", kind="action", interval=AT_ONCE),
        ],
    ),
    **{
        f"machines open and click, {'counted' if proxies else 'for nothing'}": _story(
            ("event", (HERO, ROOT), "machine open"),
            ("run", NOW),
            ("event", (HERO, ROOT), "machine click"),
            ("run", HOUR),
            ("event", (HERO, ROOT), "click"),
            ("run", NOW),
            ("run", 4 * DAY),
            steps=[
                _step("open", "mail_open", kind="action", interval=AT_ONCE),
                _step("click", "mail_click", kind="action", interval=AT_ONCE),
                _step("not", "mail_not_click", kind="action"),
            ],
            proxies=proxies,
        )
        for proxies in (False, True)
    },
    "a step whose action or recipients were changed waits whole": _story(
        ("live", NOW),
        ("touch", "held", 1),
        ("touch", "mail", 1),
        ("color", HERO, 1),
        ("run", 4 * DAY),
        ("color", HERO, 0),
        ("run", NOW),
        ("update", "skip"),
        ("run", NOW),
        steps=[
            _step("held", "activity", kind="action", colors=frozenset({0})),
            _step("mail", "begin", colors=frozenset({0})),
            _step("free", "begin", kind="action", interval=LATER),
        ],
    ),
    **{
        f"the filter names what was deleted, seen by {' '.join(map(str, look))}": _story(
            ("live", NOW),
            ("lose",),
            ("add", (0, TWIN_EMAIL, TWIN)),
            look,
            ("sync",),
            ("start",),
            ("mend",),
            ("run", NOW),
            ("start",),
            ("run", 4 * DAY),
            steps=[_step(TARGET, "begin", kind="action")],
        )
        for look in (("sync",), ("run", 4 * DAY))
    },
    "what waits in the queue is looked at when its turn has come": _story(
        ("block", HERO, True),
        ("color", TWIN, 1),
        ("sync",),
        ("live", NOW),
        ("block", HERO, False),
        ("retry", (HERO, ROOT)),
        ("run", NOW),
        ("stop",),
        ("live", HOUR),
        ("start",),
        ("run", NOW),
        ("live", NOW),
        steps=[_step(TARGET, "activity", kind="action", interval=AT_ONCE)],
        records=[*ALONE, (0, TWIN_EMAIL, TWIN)],
        colors=frozenset({0}),
    ),
    **{
        f"who shares a refused address is no duplicate: {who} is retried": _story(
            ("event", (HERO, ROOT), "failed"),
            ("run", NOW),
            ("retry", (who, ROOT)),
            ("run", NOW),
            ("live", NOW),
            steps=[_step(TARGET, "activity", kind="action", interval=AT_ONCE)],
            records=[*ALONE, (0, HERO_EMAIL, TWIN)],
        )
        for who in (HERO, TWIN)
    },
    "all that waits for who opts out is withdrawn": _story(
        ("opt_out", HERO, True),
        ("live", NOW),
        steps=[_step("second", "begin", interval=AT_ONCE)],
        target="subscriber",
    ),
    "a refusal after the acceptance is none": _story(
        ("live", NOW),
        ("event", (HERO, ROOT), "failed"),
        ("run", NOW),
        steps=[_step(TARGET, "mail_open")],
    ),
    "at the last moment is not too late; a second later is": _story(
        ("run", 3 * DAY + HOUR),
        ("run", timedelta(seconds=1)),
        steps=[
            _step("in time", "begin", kind="action", expiry=(1, "hours")),
            _step("late", "begin", kind="action", interval=(2, "hours"), expiry=(2, "days")),
        ],
    ),
    "the filter of a step counts for those below": _story(
        ("live", NOW),
        ("run", NOW),
        ("color", HERO, 1),
        ("run", 4 * DAY),
        steps=[
            _step("filtered", "begin", kind="action", interval=AT_ONCE, colors=frozenset({0})),
            {**_step(TARGET, "activity", kind="action"), "parent": "filtered"},
        ],
    ),
    "a first step that is edited counts from the enrolment": _story(
        ("run", DAY),
        ("retime_step", TARGET, LATER),
        ("update", "skip"),
        ("run", 4 * DAY),
        steps=[_step(TARGET, "begin", kind="action")],
    ),
    "days keep the wall-clock time where the clocks change": replace(
        _story(("run", 4 * DAY), steps=[_step(TARGET, "begin", kind="action")]), start=datetime(2026, 3, 28, 1, 30)
    ),
    "whoever a server refused was not reached, unless it is sent after all": _story(
        ("event", (HERO, ROOT), "failed"),
        ("run", NOW),
        ("add", (0, HERO_EMAIL, TWIN)),
        ("sync",),
        ("live", NOW),
        ("event", (HERO, ROOT), "sent"),
        ("run", NOW),
        ("add", (0, HERO_EMAIL, "third")),
        ("sync",),
        ("live", NOW),
        steps=[_step(TARGET, "activity", kind="action", interval=AT_ONCE)],
    ),
    "what a server refused stays refused where the record is deleted before it is noted": _story(
        ("event", (HERO, ROOT), "failed"),
        ("delete", HERO),
        ("run", NOW),
        ("live", NOW),
        steps=[_step(TARGET, "activity", kind="action", interval=AT_ONCE)],
    ),
}
