"""Stories of workflows that think, told in every run: each has found something, or shows a fault that chance misses."""

from reference_facts import Line, Wait
from reference_kept import ALONE, DAY, HOUR, NOW, kept_step, kept_story
from reference_stories import AT_ONCE, FORK, HERO, LATER, ROOT, TARGET, TWIN, TWIN_EMAIL

OFFER = "=https://shop.example.com/Offer_1"
TWO = [*ALONE, (1, TWIN_EMAIL, TWIN)]


def _waits(*moves, wait, more=(), records=TWO, **values):
    """Return a story in which everybody comes to a wait at once."""
    steps = [
        kept_step(FORK, "begin", kind="wait", interval=AT_ONCE, wait=wait, **values),
        kept_step("done", "wait_done", parent=FORK, kind="action", interval=AT_ONCE),
        kept_step("late", "wait_timeout", parent=FORK, kind="action", interval=AT_ONCE),
        *more,
    ]
    return kept_story(*moves, steps=steps, records=records)


def _asks(*moves, lines, after=LATER, is_any=False, yes=None, more=(), **values):
    """Return a story in which everybody comes to a condition some days after their first message."""
    steps = [
        kept_step(FORK, "begin", kind="condition", interval=after, lines=tuple(lines), is_any=is_any, yes=yes),
        kept_step("yes", "cond_yes", parent=FORK, kind="action", interval=AT_ONCE),
        kept_step("no", "cond_no", parent=FORK, kind="action", interval=AT_ONCE),
        *more,
    ]
    return kept_story(*moves, ("run", 5 * DAY), steps=steps, records=TWO, **values)


SOON = Wait("domain", limit=(6, "hours"), colors=frozenset({1}))
LINES = {
    "got a message": Line(True, "sent"),
    "opened": Line(True, "open"),
    "clicked": Line(True, "click"),
    "replied": Line(True, "reply"),
    "bounced": Line(True, "bounce"),
}

KEPT_LOGIC = {
    "who matches goes on at once, or once somebody looks; the others when it is over": _waits(
        ("color", HERO, 0),
        ("run", HOUR),
        ("add", (0, "late@example.com", "late")),
        ("sync",),
        ("run", NOW),
        ("color", "late", 1),
        ("run", HOUR / 60),
        ("run", HOUR / 15),
        ("run", 5 * HOUR - HOUR / 12),
        wait=SOON,
    ),
    "who begins to match is let on by the next enrolment": _waits(
        ("color", HERO, 1),
        ("sync",),
        ("run", NOW),
        wait=SOON,
    ),
    "whoever has begun to wait has passed the filter and the expiry of the step": _waits(
        ("color", HERO, 1),
        ("event", (HERO, ROOT), "open"),
        ("run", NOW),
        ("run", 4 * DAY),
        wait=Wait("weekday", limit=None, weekday=2),
        colors=frozenset({0}),
        expiry=(1, "hours"),
        records=ALONE,
    ),
    "whoever has begun to wait waits on, whatever happens to the message before": kept_story(
        ("live", NOW),
        ("run", HOUR),
        ("event", (HERO, ROOT), "open"),
        ("run", NOW),
        ("event", (HERO, ROOT), "bounce"),
        ("run", NOW),
        ("run", DAY),
        steps=[
            kept_step(FORK, "mail_not_open", kind="wait", interval=(1, "hours"), wait=SOON),
            kept_step("late", "wait_timeout", parent=FORK, kind="action", interval=AT_ONCE),
        ],
    ),
    **{
        f"what comes after the end of a wait has not come, however late somebody looks: {wait.kind}": _waits(
            ("live", NOW),
            ("stop",),
            ("run", 2 * DAY),
            ("event", (HERO, ROOT), "click offer"),
            ("run", 6 * DAY),
            ("start",),
            ("run", NOW),
            ("run", 2 * DAY),
            wait=wait,
        )
        for wait in (
            Wait("event", limit=(1, "days"), event="open"),
            Wait("weekday", limit=(1, "days"), weekday=2),
        )
    },
    "what comes at the end of a wait has come in time": _waits(
        ("live", NOW),
        ("run", 6 * HOUR - HOUR / 60),
        ("color", HERO, 1),
        ("run", HOUR / 60),
        wait=SOON,
    ),
    "an event of the time before counts, of another message too": kept_story(
        ("live", NOW),
        ("event", (HERO, ROOT), "click news"),
        ("run", NOW),
        ("run", DAY),
        ("run", DAY),
        ("event", (TWIN, ROOT), "machine open"),
        ("event", (TWIN, "other"), "reply"),
        ("run", NOW),
        steps=[
            kept_step("other", "begin", interval=(1, "days")),
            kept_step(FORK, "begin", kind="wait", interval=(2, "days"), wait=Wait("event", limit=None, event="open")),
            kept_step("done", "wait_done", parent=FORK, kind="action", interval=AT_ONCE),
        ],
        records=TWO,
    ),
    "a date of the record is followed, wherever it is moved": _waits(
        ("renew", HERO, 5),
        ("run", NOW),
        ("sync",),
        ("run", HOUR),
        ("renew", HERO, 10),
        ("run", 5 * DAY),
        ("renew", TWIN, -3),
        ("run", HOUR),
        ("run", 9 * DAY),
        wait=Wait("date", limit=(1, "months"), offset=(-1, "days")),
    ),
    "a day of the week begins where the clocks say so": _waits(
        ("run", 2 * DAY),
        ("run", 5 * DAY),
        wait=Wait("weekday", limit=None, weekday=0, time=0.5),
    ),
    "an Update asks all who wait by what it says now": _waits(
        ("run", NOW),
        (
            "rethink_step",
            FORK,
            {
                "wait": Wait("domain", limit=(2, "hours"), colors=frozenset({0})),
                "yes": None,
                "lines": (),
                "is_any": False,
            },
        ),
        ("run", HOUR),
        ("update", "skip"),
        ("run", NOW),
        ("run", HOUR),
        wait=Wait("domain", limit=None, colors=frozenset()),
    ),
    "an Update leaves those who wait where they are, except at a removed step": _waits(
        ("run", NOW),
        ("retime_step", FORK, (3, "days")),
        ("update", "skip"),
        ("move_step", FORK, ROOT, "mail_click"),
        ("update", "run"),
        ("run", HOUR),
        ("remove_step", FORK),
        ("update", "run"),
        wait=Wait("domain", limit=None, colors=frozenset()),
    ),
    "who leaves and comes back waits on, from then as before": _waits(
        ("filter", frozenset({0})),
        ("update", "skip"),
        ("run", HOUR),
        ("color", HERO, 1),
        ("sync",),
        ("run", HOUR),
        ("color", HERO, 0),
        ("sync",),
        ("run", NOW),
        ("run", 4 * HOUR),
        wait=Wait("event", limit=(6, "hours"), event="click"),
        records=ALONE,
    ),
    "a Stop and a Start lose nobody who waits": _waits(
        ("stop",),
        ("color", HERO, 1),
        ("run", DAY),
        ("start",),
        ("run", NOW),
        wait=SOON,
        records=ALONE,
    ),
    "who comes round waits anew, and goes round as often as the way allows": kept_story(
        ("run", NOW),
        ("run", 6 * HOUR),
        ("run", HOUR),
        ("live", NOW),
        ("run", 6 * HOUR),
        ("color", HERO, 1),
        ("run", HOUR),
        ("live", NOW),
        ("run", DAY),
        steps=[
            kept_step(FORK, "activity", kind="wait", interval=AT_ONCE, wait=SOON),
            kept_step("again", "wait_timeout", parent=FORK, kind="jump", to=ROOT, limit=2, interval=(1, "hours")),
            kept_step("done", "wait_done", parent=FORK, kind="action", interval=AT_ONCE),
        ],
    ),
    "a way without a limit is gone each time that one comes round": kept_story(
        *[("live", DAY)] * 6,
        ("color", HERO, 1),
        *[("live", DAY)] * 2,
        steps=[
            kept_step("some", "activity", kind="update", interval=AT_ONCE, colors=frozenset({0}), sets=0),
            kept_step("again", "activity", kind="jump", to=ROOT, limit=0, interval=(1, "days")),
        ],
    ),
    "a click on one link starts what waits for it, and ends what waits for it not to come": kept_story(
        ("live", NOW),
        ("event", (HERO, ROOT), "click news"),
        ("event", (TWIN, ROOT), "click"),
        ("run", NOW),
        ("run", HOUR),
        ("event", (HERO, ROOT), "click offer"),
        ("run", NOW),
        ("run", 4 * DAY),
        steps=[
            kept_step("any", "mail_click", kind="action", interval=AT_ONCE),
            kept_step("whole", "mail_click", kind="action", interval=AT_ONCE, link=OFFER),
            kept_step("part", "mail_click", kind="action", interval=AT_ONCE, link="news"),
            kept_step("not", "mail_not_click", kind="action", link="offer_1"),
            kept_step("none", "mail_not_click", kind="action", link="_x"),
        ],
        records=TWO,
    ),
    "an edit of the link is for who has not clicked it": kept_story(
        ("live", NOW),
        ("event", (HERO, ROOT), "click news"),
        ("run", NOW),
        ("retrigger_step", TARGET, "mail_click", "any", "news"),
        ("update", "run"),
        ("run", NOW),
        ("retrigger_step", "not", "mail_not_click", "any", "news"),
        ("update", "run"),
        ("run", 4 * DAY),
        steps=[
            kept_step(TARGET, "mail_click", kind="action", interval=AT_ONCE, link=OFFER),
            kept_step("not", "mail_not_click", kind="action", link=OFFER),
        ],
    ),
    **{
        f"a condition asks whether they {name}": _asks(
            ("live", NOW), ("event", (HERO, ROOT), event), ("event", (TWIN, ROOT), "machine open"), lines=[line]
        )
        for name, line, event in (
            *(
                (name, line, event)
                for (name, line), event in zip(
                    LINES.items(), ("open", "click news", "click", "reply", "soft bounce"), strict=True
                )
            ),
            ("did not open", Line(False, "open"), "reply"),
            ("clicked on one link", Line(True, "click", link="OFFER_"), "click offer"),
        )
    },
    "whatever shows that a message was accepted shows that it was got": _asks(
        ("event", (HERO, ROOT), "open"),
        ("event", (TWIN, ROOT), "failed"),
        ("run", NOW),
        lines=[Line(True, "sent")],
    ),
    "a message was got when it was accepted, not when it was read": _asks(
        ("live", NOW),
        ("run", 3 * DAY),
        ("event", (HERO, ROOT), "open"),
        lines=[Line(True, "sent", span="days", days=2)],
    ),
    "one message that was opened twice is one; what is long ago does not count": _asks(
        ("live", NOW),
        ("event", (HERO, ROOT), "open"),
        ("run", HOUR),
        ("event", (HERO, ROOT), "open"),
        ("event", (TWIN, ROOT), "open"),
        ("event", (TWIN, "other"), "open"),
        ("run", 3 * DAY),
        ("event", (HERO, "other"), "open"),
        lines=[Line(True, "open", times=2), Line(False, "open", step=ROOT, span="days", days=2)],
        more=[kept_step("other", "begin", interval=AT_ONCE)],
    ),
    **{
        f"{'one of the' if is_any else 'all'} lines have to be true, and what is asked of the record": _asks(
            ("live", NOW),
            ("event", (HERO, ROOT), "open"),
            ("event", (TWIN, ROOT), "click"),
            lines=[Line(True, "open"), Line(True, "click"), Line(False, "reply")],
            is_any=is_any,
            yes=frozenset({0}) if is_any else None,
        )
        for is_any in (True, False)
    },
    **{
        f"messages of {'any campaign' if anywhere else 'this one'}": _asks(
            ("live", NOW),
            ("happen_elsewhere", HERO, "click offer"),
            ("event", (TWIN, ROOT), "click news"),
            lines=[Line(True, "click", anywhere=anywhere)],
            elsewhere=True,
        )
        for anywhere in (True, False)
    },
    **{
        f"machines do nothing{', but for opens that count' if proxies else ''}": _asks(
            ("live", NOW),
            ("event", (HERO, ROOT), "machine open"),
            ("event", (TWIN, ROOT), "machine click"),
            lines=[Line(True, "open")],
            proxies=proxies,
        )
        for proxies in (False, True)
    },
    "a new rule of a condition is for who comes then": _asks(
        ("live", NOW),
        ("rethink_step", FORK, {"yes": None, "lines": (Line(False, "open"),), "is_any": False}),
        ("event", (HERO, ROOT), "open"),
        ("run", DAY),
        ("update", "skip"),
        lines=[Line(True, "open")],
    ),
    "what a step sets is seen by the steps that come then": kept_story(
        ("run", NOW),
        ("run", 4 * DAY),
        steps=[
            kept_step("set", "begin", kind="update", interval=(1, "hours"), sets=1),
            kept_step("before", "begin", kind="action", interval=AT_ONCE, colors=frozenset({0})),
            kept_step("after", "begin", kind="action", interval=(2, "hours"), colors=frozenset({0})),
            kept_step(FORK, "begin", kind="wait", interval=AT_ONCE, wait=SOON),
            kept_step("done", "wait_done", parent=FORK, kind="action", interval=AT_ONCE),
        ],
    ),
}
