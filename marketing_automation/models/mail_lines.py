"""Which connection the next mail of a queue goes out by, and whose turn it is when a server keeps one waiting.

A server that owes an answer is left to it: its connection waits aside, and the others go on by another one. The other
mails to the same domain wait behind everybody else. A domain about which no answer comes is given up for now.
"""

import time
from collections import defaultdict, deque
from dataclasses import dataclass

from .smtp_line import SmtpLine, find_answered

ASIDE_AT_MOST = 10  # connections; some servers allow few from one client
SILENT_IN_A_ROW = 5  # mails without an answer, after which it is the server that is in trouble, not their recipients


class ServerTroubleError(Exception):
    """The mail server does not serve anybody now."""


@dataclass(eq=False)
class Aside:
    """A mail whose content has gone out, and whose answer is waited for."""

    line: SmtpLine
    mail_id: int
    domain: str


class MailLines:
    """The connections of a run of the queue with a mail server, and the mails that wait for one.

    :param session: the first connection
    :param connect: a function that makes another one, which may raise anything
    :param before_content: called right before a content goes to the server
    :param float limit: seconds that the answer about a content may take
    :param float patience: seconds after which the others do not wait for an answer about one recipient
    """

    def __init__(self, session, connect, before_content, limit, patience):
        self.limit, self.patience = limit, patience
        self.queue = deque()  # ids of the mails that are still to be sent
        self.aside = []
        self.silent_in_a_row = 0
        self.given_up = set()  # domains
        self.left_ids = []  # mails to such a domain
        self.wake_at = None  # when the first of the mails that are tried again is due
        self._connect, self._before_content = connect, before_content
        self._first = self._line = SmtpLine(session, before_content)
        self._free = []
        self._slow = set()
        self._behind = defaultdict(list)  # domain: ids of the mails that wait for the answer about another one
        self._until = None

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

    def note_all_had_their_turn(self):
        """Give those who wait for the answer about another one some time, before mails that are new have theirs."""
        self._until = self._until or time.monotonic() + self.limit

    def is_time_up(self):
        return bool(self._until) and time.monotonic() >= self._until

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

    def get_line(self):
        """Return the connection by which the next mail goes; an exception says that there is none."""
        if not self._line:
            self._line = self._free.pop() if self._free else SmtpLine(self._connect(), self._before_content)
        return self._line

    def put_aside(self, mail_id, domain):
        self.aside.append(Aside(self._line, mail_id, domain))
        self._line = None

    def take_answered(self, wait=False):
        """Take out who got an answer, or whose time is over.

        :param bool wait: whether to wait until there is one
        """
        if not self.aside:
            return []
        now = time.monotonic()
        first = min(aside.line.deadline for aside in self.aside)
        answered = find_answered([aside.line for aside in self.aside], max(first - now, 0) if wait else 0)
        now = time.monotonic()
        taken = [aside for aside in self.aside if aside.line in answered or aside.line.deadline <= now]
        self.aside = [aside for aside in self.aside if aside not in taken]
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

    def end(self):
        """Hang up all connections but the first one, if it is usable, which somebody else made."""
        for line in [self._line, *self._free, *(aside.line for aside in self.aside)]:
            if line and (line is not self._first or any(aside.line is line for aside in self.aside)):
                line.close()
        self._first.release()
