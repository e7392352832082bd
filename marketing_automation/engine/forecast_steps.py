"""What a simulated passage does at steps that decide: conditions, splits, waits and jumps."""

from datetime import timedelta

from .behaviour import DAYS, SENT, read_behaviour
from .split import choose_branch
from .waits import DOMAIN, EVENT, Wait
from .workflow import has_conditions

LONGEST = 30  # days in which records come to match, where a wait has no limit


def choose_way(step, passage, visit, moment, draw):
    """Return the branch that a step chooses; None for a type that chooses none.

    :param Step step:
    :param Passage passage:
    :param int visit: which one of the step
    :param datetime moment: UTC
    :param draw: a function that draws the outcome of a chance of this step, by its name
    """
    if step.activity_type == "split":
        return choose_branch(step.settings["weights"], step.id, passage.number, visit)
    if step.activity_type == "condition":
        return "yes" if _is_true(step, passage, moment, draw) else "no"
    if step.activity_type == "jump":
        limit = step.settings.get("limit") or 0
        passed = sum(done.step_id == step.id and done.facts.branch == "again" for done in passage.done)
        return "again" if not limit or passed < limit else "over"
    return None


def _is_true(step, passage, moment, draw):
    behaviour = read_behaviour(step.settings.get("behavior"))
    if behaviour and not behaviour.is_true([_did(line, passage, moment) for line in behaviour.lines]):
        return False
    return not has_conditions(step.settings.get("domain")) or draw("yes")


def _did(line, passage, moment):
    """Tell whether a line of a behaviour is true, by the messages of the passage."""
    since = moment - timedelta(days=line.days) if line.span == DAYS else None
    times = 0
    for done in passage.done:
        if done.is_message and line.activity in (None, done.step_id):
            happened = done.facts.completed if line.event == SENT else done.facts.events.get(line.event)
            times += happened is not None and (since is None or happened > since)
    return (times >= line.times) == line.did


def find_end_of_wait(step, passage, since, tz, draw, share):
    """Return how a wait ends, as far as that is known when it begins.

    :param Step step:
    :param Passage passage:
    :param datetime since: when it began, UTC
    :param str tz: name of the zone whose clock counts
    :param draw: a function that draws whether a record comes to match
    :param float share: when it does, of the time that there is: 0 to 1
    :return: the event that fulfils it, or None; until when it lasts (UTC), or None; the branch that is chosen then
    :rtype: tuple
    """
    wait = Wait.from_settings(step.settings)
    end, moment = wait.get_end(since, tz), None
    if wait.kind == DOMAIN:
        if draw():
            moment = since + share * ((end - since) if end else timedelta(days=LONGEST))
    elif wait.kind == EVENT:
        happened = [done.facts.events[wait.event] for done in passage.done if wait.event in done.facts.events]
        moment = min(happened, default=None)
    else:
        moment = wait.get_moment(passage.person.values.get(wait.field), since, tz)
    date = min(filter(None, (moment, end)), default=None)
    branch = "done" if date is not None and date == moment else "timeout"
    return (wait.event if wait.kind == EVENT else None), date, branch
