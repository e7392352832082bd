"""SIGTERM and a closed terminal unwind the commands as Ctrl-C does, so that each ends what it started."""

import signal
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """This process was asked to end; like KeyboardInterrupt no Exception, so that nothing swallows it."""

    def __init__(self, signum):
        super().__init__(signum)
        self.signum = signum
        self.exit_code = 128 + signum


def raise_on_end():
    """From now on, a signal to end raises Ended."""

    def handler(signum, _frame):
        raise Ended(signum)

    for signum in ENDING:
        signal.signal(signum, handler)


@contextmanager
def undisturbed():
    """Finish the block even if the user presses Ctrl-C once more."""
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in ENDING}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
