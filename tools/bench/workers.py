"""One, two and three workers on one campaign: processes as Odoo's cron workers are, begun at once."""

import time
from contextlib import ExitStack

from ..child import READY, child, result_of, run_child
from .lines import at_least, line


def measure(space, clone, size, runs, crowds):
    """Execute one campaign's due actions."""
    return _measure(space, clone, size, runs, crowds, "prepare", "", at_least("ratio", 1.7))


def conditions(space, clone, size, runs, crowds):
    """Have everybody pass one campaign's condition."""
    return _measure(space, clone, size, runs, crowds, "prepare_condition", ": a condition", at_least("ours", 10_000))


def _measure(space, clone, size, runs, crowds, prepare, what, target):
    """Execute what is due of one campaign by one process, by two …, A B C A B C.

    This one runs in the process of bin/bench, and starts the others.

    :param clone: gives a context manager of a fresh database
    :param crowds: how many workers each, one first
    :param str prepare: the function of work.py that starts the campaign
    :param dict target: of two workers
    """
    rates = {workers: [] for workers in crowds}
    notes = {}
    for _run in range(runs):
        for workers in crowds:
            with clone() as database:
                run_child(space, database, f"bench.work:{prepare}", size=size)
                seconds, results = _race(space, database, workers)
            done = [result["done"] for result in results]
            assert sum(done) == size, f"{done} of {size} were executed"
            rates[workers].append(size / seconds)
            # less than the seconds by far: it waited, for PostgreSQL or for a processor
            processor = round(sum(result["processor"] for result in results) / workers, 2)
            notes[workers] = {"done by each": done, "seconds": seconds, "of that on a processor": processor}
    return [
        line(
            f"{workers} workers on one campaign{what}",
            "executed per second",
            rates[workers],
            rates[1],
            target=target if workers == 2 else None,
            notes={**notes[workers], "one worker alone": list(notes[1].values())[1:]},
        )
        for workers in crowds[1:]
    ]


def _race(space, database, workers):
    """:return: the seconds until the last one ended, and what each says of itself"""
    with ExitStack() as running:
        processes = [
            running.enter_context(child(space, database, "bench.work:work", wait=True)) for _worker in range(workers)
        ]
        for process in processes:
            assert process.stdout.readline() == READY, "a worker did not start"
        start = time.monotonic()
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        results = [result_of(process) for process in processes]
        return max(result["ended"] for result in results) - start, results
