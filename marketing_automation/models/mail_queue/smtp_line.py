"""A connection with a mail server that knows how far the message on it has come, and that can wait aside.

Python's smtplib tells neither: an answer that does not come ends the connection, whatever was asked.
"""

import re
import select
import selectors
import time
from contextlib import suppress
from smtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    quoteaddr,
)

from ...mail_mould import CastMessage

ACCEPTED = 250
RECIPIENT_ACCEPTED = (250, 251)
READY = 354  # for the content
CLOSING = 421  # the server ends the connection, whatever was asked
LEADING_DOT = re.compile(rb"(?m)^\.")
FAREWELL = 1  # seconds


class AsideError(BaseException):
    """The content has gone out, and its answer is waited for aside.

    That is no failure. Nobody between the line and the queue may take it for one, so it is no Exception.
    """


class SmtpLine:
    """Guards the messages that go out by one connection.

    - ``asked_recipient``: whether the server was asked about the recipient of the message
    - ``contents``: how many contents of the message went out, or may have, without being refused
    - ``deadline``: of the answer to the content, by the monotonic clock

    :param session: of smtplib; what another addon puts in its place has its content announced, and nothing more
    :param before_content: called right before a content goes to the server
    """

    def __init__(self, session, before_content):
        self.session = session
        self.is_fresh = True  # no message has come to an end yet, good or bad
        self._before_content = before_content
        self._is_open = self._owes_answer = False
        self._guards = {}
        if isinstance(session, SMTP):
            # PyOpenSSL's sockets do not tell theirs; what is no number is Python's default
            self._timeout = session.timeout if isinstance(session.timeout, int | float) else None
            self._guards = {
                **{"mail": self._mail, "rcpt": self._rcpt, "data": self._data, "quit": self._quit},
                "send_message": self._send_message,
            }
        elif hasattr(session, "data"):
            self._guards = {"data": self._announce}
        self._own = {name: getattr(session, name) for name in self._guards}
        for name, guard in self._guards.items():
            setattr(session, name, guard)

    def begin(self, limit, patience=None, aside_after=None):
        """Say how long the server may take for the answers about the next message.

        :param float limit: seconds for an answer
        :param float patience: seconds for an answer about its recipient; by default the limit
        :param float aside_after: seconds after which the answer to its content is waited for aside; by default never
        """
        self._limit, self._patience, self._aside_after = limit, patience or limit, aside_after
        self._delay = 0  # by which the server is late, whoever the recipient is
        self.asked_recipient = False
        self.contents = 0
        self.deadline = None

    def is_plain(self):
        """Tell whether the session is one of smtplib's."""
        return isinstance(self.session, SMTP)

    def post(self, sender, recipient, octets):
        """Send a message to one recipient.

        :param bytes octets: as they go over the wire
        :raise SMTPException: when the server refuses it, of the kind that smtplib gives
        """
        session = self.session
        is_together = session.does_esmtp and session.has_extn("pipelining") and (sender + recipient).isprintable()
        if not is_together or self._is_open:
            session.sendmail(sender, [recipient], octets)
            return
        size = f" size={len(octets)}" if session.has_extn("size") else ""
        self._wait_at_most(self._limit)
        started = time.monotonic()
        # what smtplib writes one by one, and waits for (RFC 2920)
        session.send(f"mail FROM:{quoteaddr(sender)}{size}\r\nrcpt TO:{quoteaddr(recipient)}\r\ndata\r\n")
        mail = self._checked(*session.getreply())
        self._is_open = mail[0] == ACCEPTED
        self._delay = 2 * (time.monotonic() - started)
        self.asked_recipient = True
        self._wait_at_most(self._patience + self._delay)
        rcpt = self._checked(*session.getreply())
        data = self._checked(*session.getreply())
        if mail[0] == ACCEPTED and rcpt[0] in RECIPIENT_ACCEPTED and data[0] == READY:
            code, text = self._send_content(octets)
            if code != ACCEPTED:
                raise SMTPDataError(code, text)
            return
        if data[0] == READY:  # for nobody: nothing is accepted then, and nothing of it counts
            session.send(b".\r\n")
            self._checked(*session.getreply())
        else:
            session.rset()
        self._is_open = False
        if mail[0] != ACCEPTED:
            raise SMTPSenderRefused(*mail, sender)
        if rcpt[0] not in RECIPIENT_ACCEPTED:
            raise SMTPRecipientsRefused({recipient: rcpt})
        raise SMTPDataError(*data)

    def is_idle_end(self):
        """Tell whether the server hung up between two messages, as when it takes only so many by a connection."""
        return not (self.contents or self.asked_recipient or self.is_fresh)

    def answer(self):
        """Return the server's answer to the content, a code and bytes.

        :raise SMTPServerDisconnected: when none came
        """
        self._wait_at_most(max(self.deadline - time.monotonic(), 0.01))
        code, text = self.session.getreply()
        self._is_open = self._owes_answer = False
        if code != ACCEPTED:
            self.contents -= 1
        return self._checked(code, text)

    def release(self):
        """Leave the session as it was."""
        for name, own in self._own.items():
            setattr(self.session, name, own)
        if isinstance(self.session, SMTP):
            self._wait_at_most(self._timeout)

    def close(self):
        """Hang up, without a word when the server owes an answer."""
        if isinstance(self.session, SMTP):
            with suppress(SMTPException, OSError):
                if not self._owes_answer:
                    self._wait_at_most(FAREWELL)
                    self._own["quit"]()
            self.session.close()

    # ------------------------------------------------------------
    # In place of smtplib's
    # ------------------------------------------------------------

    def _send_message(self, message, from_addr=None, to_addrs=None, mail_options=(), rcpt_options=()):
        addresses = [from_addr, *(to_addrs or [])]
        if not isinstance(message, CastMessage) or not all(address and address.isascii() for address in addresses):
            return self._own["send_message"](message, from_addr, to_addrs, mail_options, rcpt_options)
        return self.session.sendmail(from_addr, to_addrs, message.get_octets(), mail_options, rcpt_options)

    def _mail(self, *args, **kwargs):
        self._wait_at_most(self._limit)
        if self._is_open:  # an error of Odoo's left the message before in the middle
            self.session.rset()
        started = time.monotonic()
        code, text = self._checked(*self._own["mail"](*args, **kwargs))
        self._is_open = code == ACCEPTED
        self._delay = 2 * (time.monotonic() - started)
        return code, text

    def _rcpt(self, *args, **kwargs):
        self.asked_recipient = True
        self._wait_at_most(self._patience + self._delay)
        return self._checked(*self._own["rcpt"](*args, **kwargs))

    def _data(self, content):
        if isinstance(content, str):
            content = re.sub(r"\r\n|\n|\r", "\r\n", content).encode("ascii")
        code, text = self._checked(*self.session.docmd("data"))
        if code != READY:
            raise SMTPDataError(code, text)
        return self._send_content(content)

    def _send_content(self, content):
        """Send a content for which the server waits, and return its answer."""
        content = LEADING_DOT.sub(b"..", content)
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            self._before_content()
        except BaseException:
            self.session.close()  # it would take the next command for the content
            raise
        self._wait_at_most(self._limit)
        self.session.send(content + end)  # raises before the end has gone out, without which no server accepts it
        self.contents += 1
        self.deadline = time.monotonic() + self._limit
        self._owes_answer = True
        if self._aside_after is not None:
            seconds = min(self._aside_after + self._delay, self._limit)
            if not _is_answered(self.session.sock, seconds):
                raise AsideError
        return self.answer()

    def _quit(self):
        """Let nobody hang up while the server owes an answer: whoever made the connection has no more use for it."""
        return None if self._owes_answer else self._own["quit"]()

    def _announce(self, content):
        self._before_content()
        self.contents += 1
        return self._own["data"](content)

    # ------------------------------------------------------------
    # The connection
    # ------------------------------------------------------------

    def _wait_at_most(self, seconds):
        if getattr(self.session, "sock", None):
            self.session.sock.settimeout(seconds)

    def _checked(self, code, text):
        if code == CLOSING:
            self.session.close()
            raise SMTPServerDisconnected(f"{code} {text.decode(errors='replace')}")
        return code, text


def _is_answered(sock, seconds):
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def find_answered(lines, seconds):
    """Wait until a server says something, or hangs up.

    :param lines: the SmtpLines that wait for an answer
    :param float seconds: how long at most
    :return: those of the lines
    """
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.session.sock, selectors.EVENT_READ, line)
        return [key.data for key, _events in selector.select(seconds)]
