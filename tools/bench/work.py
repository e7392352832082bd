"""What a worker of workers.py does, in its own process."""

import time

from . import logic
from .actions import start
from .laps import superuser

UPDATE = {"state": "object_write", "update_path": "function", "value": "Contacted"}


def prepare(registry, size):
    """Enrol everybody into a campaign of one update-record action."""
    return start(registry, size, UPDATE)


def prepare_condition(registry, size):
    """Enrol everybody into a campaign of a condition, and what follows it."""
    return logic.start(registry, size, "condition", condition_domain=logic.CONDITION)


def work(registry):
    """Execute what is due until nothing is.

    :return: how many steps this worker ran, the seconds that it had a processor, and when it ended, on the clock
        that all processes share
    """
    done = 0
    model = registry["marketing.activity"]
    original = model._execute

    def counted(self, traces, now):
        nonlocal done
        outcomes = original(self, traces, now)
        done += len(traces)
        return outcomes

    model._execute = counted
    processor = time.process_time()
    with superuser(registry) as env:
        env["marketing.campaign"]._cron_execute_activities()
    return {"done": done, "processor": time.process_time() - processor, "ended": time.monotonic()}
