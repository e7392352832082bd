"""The two mail servers that are ours: one that refuses as it is told, and Odoo's, which keeps what comes back."""

import threading
from pathlib import Path

from aiosmtpd.controller import Controller

from .names import NARROW, ODOO, PEOPLE

# What the recipients' server says to an address that begins so, upon RCPT, or after the message
AT_RECIPIENT = {
    "unknown": "550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table",
    "nocode": "550 No such user here",
    "moved": "551 5.1.6 Recipient has moved",
    "disabled": "550 5.2.1 The email account that you tried to reach is inactive",
    "full": "452 4.2.2 The email account that you tried to reach is over quota",
    "grey": "451 4.7.1 Greylisting in action, please come back later",
}
AFTER_MESSAGE = {
    "quota": "552 5.2.2 <{address}>: Mailbox is over quota",
    "large": "552 5.3.4 Message size exceeds fixed limit",
    "spam": "550 5.7.1 Message rejected as spam by the content scanner",
}
NARROW_LIMIT = 1000  # octets


class NextHop:
    """:param keeper: takes what is for Odoo, of servers that send all to one host"""

    def __init__(self, keeper):
        self.keeper = keeper

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        refusal = _refusal(AT_RECIPIENT, address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].endswith("@odoo.example"):
            return await self.keeper.handle_DATA(server, session, envelope)
        return _refusal(AFTER_MESSAGE, envelope.rcpt_tos[0]) or "250 2.0.0 Ok: queued"


def _refusal(answers, address):
    kind = address.partition("@")[0].partition(".")[0].removesuffix("-heard")
    return answers.get(kind, "").format(address=address)


class Keeper:
    """Writes each message into a file of a folder: "000.eml" and on, with its envelope in the first lines."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.lock = threading.Lock()

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        with self.lock:
            number = len(list(self.folder.glob("*.eml")))
            head = f"Return-Path: <{envelope.mail_from.strip('<>')}>\nDelivered-To: {envelope.rcpt_tos[0]}\n".encode()
            content = envelope.content.replace(b"\r\n", b"\n")
            (self.folder / f"{number:03}.eml").write_bytes(head + content)
        return "250 2.0.0 Ok"


def start_next_hops(keeper):
    _start(NextHop(keeper), PEOPLE, "mx.people.example")
    _start(NextHop(keeper), NARROW, "mx.narrow.example", data_size_limit=NARROW_LIMIT)


def start_keeper(folder):
    keeper = Keeper(folder)
    _start(keeper, ODOO, "mx.odoo.example")
    return keeper


def _start(handler, address, name, **options):
    Controller(handler, hostname=address, port=25, server_hostname=name, ident="ESMTP", **options).start()
