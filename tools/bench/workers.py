"""One, two and three workers on one campaign: processes as Odoo's cron workers are, begun at once; lanes that send."""

import time
from contextlib import ExitStack
from functools import partial

from ..child import READY, child, result_of, run_child
from .lines import at_least, line
from .sink import running_sink

WORK = partial(child, function="bench.work:work")
EXECUTED = "workers on one campaign", "executed per second"


def measure(space, clone, size, runs, crowds):
    """Execute one campaign's due actions."""
    return _measure(space, clone, size, runs, crowds, "prepare", "", at_least("ratio", 1.7))


def conditions(space, clone, size, runs, crowds):
    """Have everybody pass one campaign's condition."""
    return _measure(space, clone, size, runs, crowds, "prepare_condition", ": a condition", at_least("ours", 10_000))


def lanes(space, clone, size, runs, crowds):
    """Send one campaign's emails to a real mail server, which is in a process of its own, too."""
    with running_sink() as port:
        done = "lanes that send", "sent per second"
        work = partial(child, function="bench.work:send", port=port)
        return _measure(space, clone, size, runs, crowds, "prepare_emails", "", at_least("ratio", 1.8), done, work)


def _measure(space, clone, size, runs, crowds, prepare, what, target, done=EXECUTED, work=WORK):
    """Execute what is due of one campaign by one process, by two …, A B C A B C.

    This one runs in the process of bin/bench, and starts the others.

    :param clone: gives a context manager of a fresh database
    :param crowds: how many workers each, one first
    :param str prepare: the function of work.py that starts the campaign
    :param dict target: of two workers
    :param done: what they are, and what they do a second
    :param work: starts one of them, in a space and a database
    """
    rates = {workers: [] for workers in crowds}
    notes = {}
    for _run in range(runs):
        for workers in crowds:
            with clone() as database:
                run_child(space, database, f"bench.work:{prepare}", size=size)
                seconds, results = _race(space, database, workers, work)
            counts = [result["done"] for result in results]
            assert sum(counts) == size, f"{counts} of {size} were executed"
            rates[workers].append(size / seconds)
            # less than the seconds by far: it waited, for PostgreSQL or for a processor
            processor = sum(result["processor"] for result in results)
            notes[workers] = {
                "done by each": counts,
                "seconds": seconds,
                "of that on a processor": round(processor / workers, 2),
                "ms each on a processor": round(1000 * processor / size, 3),
            }
    return [
        line(
            f"{workers} {done[0]}{what}",
            done[1],
            rates[workers],
            rates[1],
            target=target if workers == 2 else None,
            notes={**notes[workers], "one worker alone": list(notes[1].values())[1:]},
        )
        for workers in crowds[1:]
    ]


def _race(space, database, workers, work):
    """:return: the seconds until the last one ended, and what each says of itself"""
    with ExitStack() as running:
        processes = [running.enter_context(work(space, database, wait=True)) for _worker in range(workers)]
        for process in processes:
            assert process.stdout.readline() == READY, "a worker did not start"
        start = time.monotonic()
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        results = [result_of(process) for process in processes]
        return max(result["ended"] for result in results) - start, results
