"""Locks between processes, as flock does them: gone by themselves when their holder dies, however it dies."""

import fcntl
from contextlib import contextmanager

from .console import say


@contextmanager
def exclusive(path, waiting=None):
    """Hold the lock file alone.

    :param waiting: what to tell the user when somebody else has it
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                say(f"- {waiting} ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
