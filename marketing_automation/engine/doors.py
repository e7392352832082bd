"""What leaves a transaction while a server action runs: the doors through which it would go.

A rollback undoes what was done in the database, and nothing else. Whoever wants to roll back must know that nothing
has left: an email sent now, a call to another system, a commit of the action's own. :class:`Doors` refuses that before
it happens, or notes it.

Python's audit events (PEP 578) tell of connections, processes and threads, whatever library makes them. An audit hook
stays for the life of the process, so this one is added once, where the first action runs, and asks one question of
each event outside of a campaign's action: whether its name is one of the doors'.

Not seen: what C libraries send over connections of their own (libpq opened past Odoo, gRPC, pycurl), files written, and
what other threads do that ran before.
"""

import re
import socket
import struct
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress

AUDITED = frozenset(
    {
        *("socket.connect", "socket.sendto", "socket.sendmsg"),
        # over a connection that is kept open
        *("http.client.send", "smtplib.send", "ftplib.sendcmd", "imaplib.send", "poplib.putline"),
        *("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill"),
        "_thread.start_new_thread",
    }
)
ENDS_TRANSACTION = re.compile(r"\s*(commit|end|abort|rollback(?!\s+to)|prepare\s+transaction)\b", re.IGNORECASE)

_local = threading.local()
_install_lock = threading.Lock()
_installed = []


class RunAlone(BaseException):
    """A batch of actions cannot be run together: what it does could not be undone, or must not be tried together.

    No Exception, so that an action that catches everything does not go on.

    :param str reason: for the log
    :param bool opened: whether the actions may leave their transactions when they run alone
    """

    def __init__(self, reason, opened=True):
        super().__init__(reason)
        self.opened = opened


class Doors:
    """The doors of a cursor's transaction, for the current thread.

    :param cr: the cursor
    :param bool opened: whether what leaves may, and is noted, or is refused
    :param float patience: seconds that a connection which is made now may be silent; where they are open
    """

    def __init__(self, cr, opened, patience=None):
        self._cr = cr
        self._connection = cr._cnx
        self._opened = opened
        self._patience = patience
        self.passed = set()

    @contextmanager
    def watched(self):
        """Watch the doors while the block lasts.

        :raise RunAlone: at a door that is not open, again at the end where that was caught
        """
        _install()
        with ExitStack() as undo:
            for name in ("commit", "rollback"):
                undo.enter_context(_replaced(self._cr, name, self._ending(name)))
            undo.enter_context(_replaced(self._cr, "close", self._refuse_close))
            hooks = vars(threading.current_thread()).setdefault("query_hooks", [])
            hooks.append(self._on_query)
            undo.callback(hooks.remove, self._on_query)
            undo.callback(setattr, _local, "doors", getattr(_local, "doors", None))
            _local.doors = self
            yield self
            self.check()

    def check(self):
        """:raise RunAlone: where something wanted to leave that may not"""
        if self.passed and not self._opened:
            raise RunAlone(", ".join(sorted(self.passed)))

    def _go_through(self, name):
        self.passed.add(name)
        self.check()

    def _ending(self, name):
        original = getattr(self._cr, name)

        def end_transaction():
            self._go_through(name)
            return original()

        return end_transaction

    def _refuse_close(self):
        raise RuntimeError("An action closes the cursor that it was given.")

    def _on_query(self, cursor, query, _params, _start, _delay):
        if cursor._cnx is not self._connection:
            self._go_through("cursor")
        elif isinstance(query, str) and ENDS_TRANSACTION.match(query):
            self._go_through("commit")

    def _on_audit(self, event, args):
        self._go_through(event)
        if event == "socket.connect" and self._patience:
            # Below the timeouts that libraries set, or forget: a peer that is silent keeps nobody for ever.
            with suppress(OSError):
                silence = struct.pack("ll", int(self._patience), 0)
                for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                    args[0].setsockopt(socket.SOL_SOCKET, option, silence)


@contextmanager
def _replaced(owner, name, value):
    """Give an object, and it alone, another method while the block lasts."""
    before = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def _install():
    with _install_lock:
        if not _installed:
            sys.addaudithook(_audit)
            _installed.append(_audit)


def _audit(event, args, audited=AUDITED, local=_local):
    if event in audited:
        doors = getattr(local, "doors", None)
        if doors:
            doors._on_audit(event, args)
