"""How long a way through a workflow takes at least: pure, without Odoo."""

from heapq import heappop, heappush
from itertools import count


def shortest_way(edges, pauses, start, goal):
    """Return what the shortest way from one step to another takes.

    :param edges: the :class:`~.workflow.Edge` of each way
    :param dict pauses: what going along an edge takes, 0 or more; what it has not takes nothing
    :param int start: id of the step from which it is counted
    :param int goal: id of the step to come to
    :return: the sum of the pauses; None where no way leads there

    >>> from .workflow import Edge
    >>> one, two = Edge(1, 2, "activity"), Edge(2, 3, "activity")
    >>> shortest_way([one, two], {one: 24, two: 1}, 1, 3)
    25
    """
    ways = {}
    for edge in edges:
        ways.setdefault(edge.source, []).append(edge)
    turn = count()  # steps are not compared
    queue, seen = [(0, next(turn), start)], set()
    while queue:
        taken, _turn, step = heappop(queue)
        if step == goal:
            return taken
        if step not in seen:
            seen.add(step)
            for edge in ways.get(step, ()):
                heappush(queue, (taken + pauses.get(edge, 0), next(turn), edge.target))
    return None
