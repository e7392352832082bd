"""What a worker of workers.py does, in its own process."""

import time

from .actions import start
from .laps import superuser

UPDATE = {"state": "object_write", "update_path": "function", "value": "Contacted"}


def prepare(registry, size):
    """Enrol everybody into a campaign of one update-record action."""
    return start(registry, size, UPDATE)


def work(registry):
    """Execute what is due until nothing is.

    :return: how many actions this worker ran, the seconds that it had a processor, and when it ended, on the clock
        that all processes share
    """
    done = 0
    model = registry["marketing.activity"]
    original = model._execute_action

    def counted(self, traces, now):
        nonlocal done
        outcomes = original(self, traces, now)
        done += len(traces)
        return outcomes

    model._execute_action = counted
    processor = time.process_time()
    with superuser(registry) as env:
        env["marketing.campaign"]._cron_execute_activities()
    return {"done": done, "processor": time.process_time() - processor, "ended": time.monotonic()}
