"""A limit of time for code that others wrote and that runs in this thread.

A second thread watches. When the time is over it cancels the SQL statement that runs and raises :class:`TookTooLong`
in the thread, which meets it at the next step of its Python code, again each second in case that was caught. A thread
that waits inside of C (``time.sleep``) meets nothing before that returns: then what is to be said of it is said by the
thread that watches.
"""

import ctypes
import threading
import time
from contextlib import contextmanager, suppress

import psycopg2

GRACE = 5  # seconds within which a thread that is asked to end has to
AGAIN = 1  # seconds between two times that it is asked


class TookTooLong(BaseException):
    """What ran has taken longer than it may."""


class TimeLimit:
    """Watches what runs in the thread that makes it, one piece after the other.

    :param float seconds: that one piece may take
    :param connection: of psycopg2, whose statement is cancelled
    :param on_stuck: called in the watching thread, once, with the piece that does not end when it is told to
    """

    def __init__(self, seconds, connection, on_stuck):
        self._seconds = seconds
        self._connection = connection
        self._on_stuck = on_stuck
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._piece = self._since = None
        self._told = 0

    @contextmanager
    def watching(self):
        threading.Thread(target=self._watch, name="marketing_automation.time_limit", daemon=True).start()
        try:
            yield self
        finally:
            self._over.set()

    def run(self, piece, function):
        """Call a function.

        :param piece: names what runs, for ``on_stuck``
        :raise TookTooLong: when it took too long, whatever it raised then, or returned
        """
        with self._lock:
            self._piece, self._since, self._told = piece, time.monotonic(), 0
        has_failed = True
        try:
            result = function()
            has_failed = False
            return result
        finally:
            with self._lock:
                told, self._piece = self._told, None
            if told:
                _raise_in(self._thread, None)
            # A connection gives up at that moment too (see Doors), perhaps before the thread was told.
            if told or (has_failed and time.monotonic() - self._since >= self._seconds):
                raise TookTooLong  # in place of what it made of it

    def _watch(self):
        stuck = None
        while not self._over.wait(min(AGAIN, self._seconds / 4)):
            if not self._lock.acquire(timeout=AGAIN):
                continue
            try:
                piece = self._piece
                late = time.monotonic() - self._since - self._seconds if piece is not None else 0
                if late > 0:
                    self._told += 1
                    with suppress(psycopg2.Error):
                        self._connection.cancel()
                    _raise_in(self._thread, TookTooLong)
            finally:
                self._lock.release()
            if piece is not None and late > GRACE and piece != stuck:
                stuck = piece
                self._on_stuck(piece)


def _raise_in(thread, exception):
    """Raise an exception class in a thread; None takes back one that it has not met yet."""
    target = ctypes.py_object(exception) if exception else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), target)
