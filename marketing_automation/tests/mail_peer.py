"""A mail server that answers as a test says, on a real socket: slowly, badly, or not at all."""

import socketserver
import threading
from contextlib import contextmanager, suppress
from itertools import takewhile

SILENCE, HANG_UP = object(), object()  # in place of a reply
REPLIES = {"greet": "220 ready", "mail": "250 OK", "rcpt": "250 OK", "data": "354 go on", "content": "250 accepted"}


class MailPeer(socketserver.ThreadingTCPServer):
    """Notes ``events``, pairs of a stage and an address, in order: what was asked about whom.

    ``answer`` is a function of a stage (a key of REPLIES) and the recipient, None where there is none yet. It returns a
    reply, SILENCE, HANG_UP, or None for the usual reply; it may wait. ``delay`` is how late each reply is, in seconds.
    ``contents`` are the messages as they came; ``is_pipelining``: whether it says that it takes commands together.
    """

    daemon_threads = True

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.port = self.server_address[1]
        self.events = []
        self.contents = []
        self.delay = 0
        self.is_pipelining = False
        self.answer = lambda _stage, _address: None
        self._tls = tls
        self._lock = threading.Condition()

    def get_request(self):
        connection, address = super().get_request()
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection, address

    def note(self, *event):
        with self._lock:
            self.events.append(event)
            self._lock.notify_all()

    def wait_until(self, condition):
        """Wait, for a minute at most, until a function without arguments, asked after each event, returns true."""
        with self._lock:
            return self._lock.wait_for(condition, timeout=60)

    def of(self, stage):
        """Return the recipients at a stage, in order; "accepted" is one more."""
        return [address for found, address in self.events if found == stage]


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        with suppress(OSError, StopIteration):
            self._talk()

    def _talk(self):
        address, is_open = None, False
        self._reply("greet")
        for line in self.rfile:
            verb, _space, argument = line.decode().strip().partition(" ")
            match verb.lower():
                case "mail" if is_open:
                    self._write("503 nested MAIL command")
                case "mail":
                    address = None
                    is_open = self._reply("mail").startswith("250")
                case "rcpt":
                    address = argument.partition("<")[2].partition(">")[0]
                    self._reply("rcpt", address)
                case "data":
                    if self._reply("data", address).startswith("354"):
                        lines = iter(self.rfile.readline, b".\r\n")
                        self.server.contents.append(b"".join(takewhile(bool, lines)).decode(errors="replace"))
                        self._reply("content", address)
                        is_open = False
                case "ehlo" if self.server.is_pipelining:
                    self._write("250-peer\r\n250 PIPELINING")
                case "quit":
                    self._write("221 Bye")
                    return
                case _:
                    is_open = is_open and verb.lower() != "rset"
                    self._write("250 OK")

    def _reply(self, stage, address=None):
        self.server.note(stage, address)
        threading.Event().wait(self.server.delay)
        reply = self.server.answer(stage, address) or REPLIES[stage]
        if reply is SILENCE:
            self.rfile.read()  # until the client hangs up
        if reply in (SILENCE, HANG_UP):
            raise StopIteration
        if stage == "content" and reply.startswith("250"):
            self.server.note("accepted", address)
        self._write(reply)
        return reply

    def _write(self, reply):
        self.wfile.write(f"{reply}\r\n".encode())


@contextmanager
def running_mail_peer(tls=None):
    """Run a MailPeer while the block lasts.

    :param ssl.SSLContext tls: for connections that are encrypted from the beginning
    """
    with MailPeer(tls) as peer:
        thread = threading.Thread(target=peer.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            peer.shutdown()
            thread.join()
