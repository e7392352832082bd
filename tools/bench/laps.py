"""Stopwatches: seconds, queries and seconds in the database, of a block or of all calls of a method."""

import threading
import time
from contextlib import contextmanager

from odoo import api


class Lap:
    """:ivar seconds: on the wall; queries: statements sent; database: seconds waited for PostgreSQL
    :ivar processor: seconds that this process had a processor: it does not depend on what else the machine does
    """

    seconds = queries = database = processor = 0

    def per(self, count):
        """:return: what one of so many cost: milliseconds, milliseconds in the database, queries"""
        return 1000 * self.seconds / count, 1000 * self.database / count, self.queries / count


@contextmanager
def lap():
    """Give a Lap, which is filled when the block ends; every cursor of this thread counts."""
    result = Lap()
    with _added_to(result):
        yield result


@contextmanager
def laps_of(model, method):
    """Give the Lap of all calls of a model's method within the block: its own time, and what it calls."""
    result = Lap()
    original = getattr(model, method)

    def timed(self, *args, **kwargs):
        with _added_to(result):
            return original(self, *args, **kwargs)

    setattr(model, method, timed)
    try:
        yield result
    finally:
        delattr(model, method)


@contextmanager
def _added_to(result):
    thread = threading.current_thread()
    thread.query_count = getattr(thread, "query_count", 0)
    thread.query_time = getattr(thread, "query_time", 0)
    queries, database, start = thread.query_count, thread.query_time, time.perf_counter()
    processor = time.process_time()
    try:
        yield
    finally:
        result.seconds += time.perf_counter() - start
        result.processor += time.process_time() - processor
        result.queries += thread.query_count - queries
        result.database += thread.query_time - database


@contextmanager
def superuser(registry):
    """Give an environment as crons have it, on a transaction of its own."""
    with registry.cursor() as cr:
        yield api.Environment(cr, api.SUPERUSER_ID, {})


@contextmanager
def administrator(registry):
    """Give an environment of the administrator, on a transaction of its own."""
    with superuser(registry) as env:
        yield env(user=env.ref("base.user_admin"))


def alternate(runs, ours, other, between):
    """Run both sides in turn, A B A B: what else the machine does then meets both.

    :param ours: a function without arguments; its results are collected
    :param between: called before each of them, to put the tables back
    :return: (results of ours, results of the other)
    """
    results = [], []
    for _run in range(runs):
        for side, collected in zip((ours, other), results, strict=True):
            between()
            collected.append(side())
    return results
