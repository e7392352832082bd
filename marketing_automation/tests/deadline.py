"""What must not hang is given a time, after which the test fails instead of the suite."""

import signal
from contextlib import contextmanager


class TooLate(BaseException):
    """Not an exception that code under test would catch."""


@contextmanager
def deadline(seconds):
    """Fail the test when what is done within is not over in time.

    :param int seconds: by the wall clock
    """

    def fail(_signal, _frame):
        raise TooLate(f"it took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
