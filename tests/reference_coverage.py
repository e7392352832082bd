"""What the stories of the reference model are to reach: triggers, endings and edits.

Two tables. An *ending* of a step for a participant is told with the trigger that it had, its state and its code; an
*edit* is what an Update brought to the step while the participant was inside: the last one **before** the step ended
(or none), each one **after** it had ended.
"""

from itertools import product

from reference_facts import BRANCHES, LASTING, NEGATIVE, POSITIVE, step_of

TRIGGERS = ("begin", "activity", *POSITIVE, *NEGATIVE)
CODES = {
    "processed": (None,),
    "rejected": ("filter_mismatch",),
    "canceled": (
        *("expired", "event_happened", "parent_bounced", "parent_complained", "parent_failed", "step_removed"),
        *("too_late", "left_filter", "record_deleted", "removed_by_hand"),
        *("mail_bl", "mail_optout", "mail_email_missing", "mail_dup"),
    ),
    "error": ("exception", "refused"),
}
STATES = {code: state for state, codes in CODES.items() for code in codes}
PARENT_ENDED = ("parent_bounced", "parent_complained", "parent_failed")
EDITS = ("add", "remove", "restore", "move", "retrigger", "retime", "expire", "refilter")


def why_no_ending(trigger, code):
    """:return: why a step with this trigger never ends with this code; None: it does."""
    if code == "event_happened" and trigger not in NEGATIVE:
        return "only a negative is about an event that did not happen"
    if code in PARENT_ENDED and trigger == "begin":
        return "a first step has no parent"
    if code in PARENT_ENDED and trigger in LASTING:
        return "what ends a message ends what waits for its life, not what waits for its end"
    if code == "parent_failed" and trigger not in POSITIVE:
        return "it is scheduled once its parent is accepted, and what was accepted is not refused"
    return None


def why_no_edit(trigger, state, edit, when):
    """:return: why a step with this trigger and ending never meets this edit before or after it; None: it does."""
    if edit == "add" and when == "after":
        return "what has ended was there before: it can be restored, not added"
    if edit == "remove" and when == "before" and state in ("processed", "rejected"):
        return "a removed step runs for nobody; what ran before can be refused still"
    if edit == "retrigger" and when == "before" and trigger == "begin":
        return "a first step has one trigger; another comes with another parent, which is a move"
    return None


# The cells of the two tables that can be reached.
ENDINGS = [(trigger, code) for trigger, code in product(TRIGGERS, STATES) if not why_no_ending(trigger, code)]
EDITED = [
    *((trigger, state, "none", "before") for trigger, state in product(TRIGGERS, CODES)),
    *(cell for cell in product(TRIGGERS, CODES, EDITS, ("before", "after")) if not why_no_edit(*cell)),
]


def edits(old, new):
    """:return: what was done to a step between two workflows; both Step or None."""
    if old is None or new is None:
        return {"add" if old is None else "remove"}
    if old.parent != new.parent:
        return {"move"}
    compared = {
        "retrigger": ((old.trigger, old.bounces), (new.trigger, new.bounces)),
        "retime": ((old.number, old.unit), (new.number, new.unit)),
        "expire": (old.expiry, new.expiry),
        "refilter": (old.colors, new.colors),
    }
    return {edit for edit, (before, after) in compared.items() if before != after}


class Diary:
    """Notes what one story reaches."""

    def __init__(self, reached):
        self.reached = reached  # Counter of the cells of both tables
        self._steps = {}  # key -> Step, as it last ran
        self._edited = {}  # (record, key) -> the last edits
        self._ended = {}  # (record, key) -> (trigger, state, code)

    def update(self, model, plan):
        """The model is about to follow another plan."""
        old, new = ({step.key: step for step in steps} for steps in (model.plan.steps, plan.steps))
        inside = [rid for rid, (state, _traces) in model.snapshot().items() if state != "unlinked"]
        for key in old.keys() | new.keys():
            changes = edits(old.get(key), new.get(key))
            if changes == {"add"} and key in self._steps:
                changes = {"restore"}
            for rid in inside if changes else ():
                self._edited[rid, key] = changes
                if (rid, key) in self._ended:
                    trigger, state, _code = self._ended[rid, key]
                    self._count((trigger, state, edit, "after") for edit in changes)
        self._steps.update(new)

    def look(self, model):
        """Something happened to the model."""
        for rid, (_state, traces) in model.snapshot().items():
            for key, (state, _due, code, *_rest) in traces.items():
                if step_of(key)[1] > 1:
                    continue  # how one comes there is told by no trigger
                ending = (self._steps[key].trigger, state, code)
                if state == "scheduled":
                    self._ended.pop((rid, key), None)
                elif self._ended.get((rid, key), ())[1:] != ending[1:]:
                    self._ended[rid, key] = ending
                    self._count([(ending[0], code)])
                    before = self._edited.get((rid, key), {"none"})
                    self._count((ending[0], state, edit, "before") for edit in before)

    def _count(self, cells):
        self.reached.update(cells)


def not_reached(reached):
    """:return: the cells of both tables that no story reached."""
    return [cell for cell in (*ENDINGS, *EDITED) if not reached[cell]]


def beyond(reached):
    """:return: the cells that were reached though it was said that they cannot be; none of a branch."""
    return sorted(map(str, {cell for cell in reached if cell[0] not in BRANCHES} - {*ENDINGS, *EDITED}))


def written(reached):
    """:return: the counter in words, for a JSON file."""
    return {" ".join(map(str, cell)): reached[cell] for cell in sorted(reached, key=str)}
