"""A real SMTP server that keeps what it receives."""

import asyncio
import email
import email.policy
import logging
import time
from contextlib import contextmanager

from aiosmtpd.controller import Controller

from tools.ports import LOOPBACK, free_port


class SmtpSink:
    """`messages` are the EmailMessages received so far, in order; those to several recipients count once.

    `contents` are the same as they came, in octets.
    """

    def __init__(self):
        self.port = free_port()
        self.messages, self.contents = [], []
        self.held = []  # addresses about whose content it has not answered
        self._refused = self._dropped = self._held = None
        self._releases = []

    def treat_as(self, refused=None, dropped=None, held=None):
        """Be unkind to addresses that begin so: refuse them, drop the connection, or do not answer about a content."""
        self._refused, self._dropped, self._held = refused, dropped, held

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self._refused and address.startswith(self._refused):
            return "550 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def wait_for(self, count, timeout):
        """:return: the messages, as soon as there are so many.

        :param timeout: seconds until the test fails
        """
        deadline = time.monotonic() + timeout
        while len(self.messages) < count:
            assert time.monotonic() < deadline, f"{len(self.messages)} of {count} messages within {timeout} s"
            time.sleep(0.1)
        return self.messages

    async def handle_DATA(self, server, session, envelope):
        if self._dropped and envelope.rcpt_tos[0].startswith(self._dropped):
            server.transport.abort()
            return "421 Too bad"
        if self._held and envelope.rcpt_tos[0].startswith(self._held):
            await self._hold(envelope.rcpt_tos[0])
        self.contents.append(envelope.original_content)
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 Message accepted for delivery"

    async def _hold(self, address):
        release = asyncio.Event()
        self._releases.append((asyncio.get_running_loop(), release))
        self.held.append(address)
        await release.wait()

    def release(self):
        """Accept at last what it has not answered about so far."""
        for loop, release in self._releases:
            loop.call_soon_threadsafe(release.set)


@contextmanager
def running_sink():
    sink = SmtpSink()
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(sink, hostname=LOOPBACK, port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
