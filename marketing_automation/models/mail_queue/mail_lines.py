"""Which connection the next mail of a queue goes out by, and whose turn it is when a server keeps one waiting.

A server that owes an answer is left to it: its connection waits aside, and the others go on by another one. The other
mails to the same domain wait behind everybody else. A domain about which no answer comes is given up for now.
"""

import time
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from .smtp_line import SmtpLine, find_answered

ASIDE_AT_MOST = 10  # connections; some servers allow few from one client
SILENT_IN_A_ROW = 5  # mails without an answer, after which it is the server that is in trouble, not their recipients
TROUBLE_PAUSE = timedelta(minutes=1)


class ServerTroubleError(Exception):
    """The mail server does not serve anybody now."""


class PutOffError(BaseException):
    """A mail server makes no further connection now: it owes an answer, or has as many as it may.

    That is no failure of the mails that were to go by it; Odoo would take any Exception for one.
    """


@dataclass(eq=False)
class Aside:
    """A mail whose content has gone out, and whose answer is waited for."""

    line: SmtpLine
    mail_id: int
    domain: str


class MailLines:
    """The connections of a run of the queue with a mail server, and the mails that wait for one.

    :param connect: a function that makes one, which may raise anything
    :param before_content: called right before a content goes to the server
    :param float limit: seconds that the answer about a content may take
    :param float patience: seconds after which the others do not wait for an answer about one recipient
    """

    def __init__(self, connect, before_content, limit, patience):
        self.limit, self.patience = limit, patience
        self.queue = deque()  # ids of the mails that are still to be sent
        self.aside = []
        self.silent_in_a_row = 0
        self.given_up = set()  # domains
        self.left_ids = []  # mails to such a domain
        self.wake_at = None  # when the first of the mails that are tried again is due
        self._connect, self._before_content = connect, before_content
        self._line = None
        self._free = []
        self._slow = set()
        self._behind = defaultdict(list)  # domain: ids of the mails that wait for the answer about another one
        self.is_plain = False  # whether they are those of Python's smtplib, and not what somebody put in their place
        self.about = {}
        self.is_unreachable = False  # as the last connection was to be made
        self._is_stuck = False  # so that an answer has to come first

    # ------------------------------------------------------------
    # Whose turn it is
    # ------------------------------------------------------------

    def is_turn_of(self, mail_id, domain):
        """Tell whether a mail is to be sent now; if not, note it."""
        if domain in self.given_up:
            self.left_ids.append(mail_id)
        elif any(aside.domain == domain for aside in self.aside):
            self._behind[domain].append(mail_id)
        else:
            return True
        return False

    def begin(self, line, domain, has_failed, may_wait_aside):
        """Say how long the next mail, to a domain, may take.

        :param bool has_failed: whether an earlier try ended without an answer; then it gets all the time there is
        """
        patience = self.limit if has_failed or domain in self._slow else self.patience
        aside_after = (0 if domain in self._slow else self.patience) if may_wait_aside else None
        line.begin(self.limit, patience, aside_after)

    def go_on_with(self, domain):
        """Have those who waited for an answer about their domain take their turn, behind everybody else."""
        self._slow.add(domain)
        self.queue.extend(self._behind.pop(domain, ()))
        self.silent_in_a_row = 0

    def give_up(self, domain):
        self.given_up.add(domain)
        self.left_ids += self._behind.pop(domain, ())

    def may_go_on(self):
        """Tell whether the next mail may go; if not, an answer has to come first."""
        if self.is_silent():
            return False
        return not self.aside or (not self._is_stuck and len(self.aside) < ASIDE_AT_MOST)

    def is_silent(self):
        """Tell whether so many got no answer that the server is in trouble, if not one of them gets it yet."""
        return self.silent_in_a_row >= SILENT_IN_A_ROW

    def put_back(self, mail_ids):
        """Have mails that were taken from the queue be the next ones."""
        self.queue.extendleft(reversed(mail_ids))

    def wake(self, moment):
        """Have the queue run again at a moment, if not sooner."""
        self.wake_at = min(self.wake_at or moment, moment)

    def leave(self):
        """Let go of all who wait for their turn: they stay in Odoo's queue."""
        self.queue.clear()
        self._behind.clear()
        self.left_ids.clear()

    def is_anybody_left(self):
        return bool(self.queue or self._behind)

    # ------------------------------------------------------------
    # Connections
    # ------------------------------------------------------------

    def _know(self, line):
        """Note what Odoo says on a connection of its own about who may send by it: all of these say the same."""
        names = ("from_filter", "smtp_from")
        self.is_plain = line.is_plain()
        self.about = {name: getattr(line.session, name) for name in names if hasattr(line.session, name)}

    @contextmanager
    def borrowing(self, session):
        """Use a connection, too, that somebody else made, and takes back at the end of the block."""
        borrowed = SmtpLine(session, self._before_content)
        self._know(borrowed)
        if self._line:
            self._free.append(self._line)
        self._line = borrowed
        try:
            yield
        finally:
            if not any(aside.line is borrowed for aside in self.aside):  # else it is closed when it is answered
                self._line = None if self._line is borrowed else self._line
                self._free = [line for line in self._free if line is not borrowed]
                borrowed.release()

    def get_line(self):
        """Return the connection by which the next mail goes; an exception says that there is none."""
        if not self._line:
            self._line = self._free.pop() if self._free else SmtpLine(self._connect(), self._before_content)
            self._know(self._line)
        self.is_unreachable = False
        return self._line

    def wait_for_line(self, mail_id):
        """Have a mail, for which there is no connection, go once an answer makes one free."""
        self.is_unreachable = self._is_stuck = True
        self.put_back([mail_id])

    def put_aside(self, mail_id, domain):
        self.aside.append(Aside(self._line, mail_id, domain))
        self._line = None

    def take_answered(self):
        """Take out who got an answer, or whose time is over."""
        if not self.aside:
            return []
        answered = find_answered([aside.line for aside in self.aside], 0)
        now = time.monotonic()
        taken = [aside for aside in self.aside if aside.line in answered or aside.line.deadline <= now]
        self.aside = [aside for aside in self.aside if aside not in taken]
        self._is_stuck = self._is_stuck and not taken
        return taken

    def keep(self, line):
        """Have a connection that is free again serve others."""
        line.is_fresh = False
        self._free.append(line)

    def drop(self, line):
        """Hang up."""
        if line is self._line:
            self._line = None
        line.release()
        line.close()

    def hang_up_idle(self):
        """Hang up the connections by which nothing goes."""
        for line in [self._line, *self._free]:
            if line:
                line.release()
                line.close()
        self._line, self._free = None, []

    def end(self):
        """Hang up all connections."""
        self._free += [aside.line for aside in self.aside]
        self.aside = []
        self.hang_up_idle()
