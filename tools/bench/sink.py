"""A mail server in a process of its own that takes everything, counts it and keeps nothing: aiosmtpd's.

python -m tools.bench.sink PORT
"""

import logging
import sys
import threading
from contextlib import contextmanager

from aiosmtpd.controller import Controller

from ..console import Problem
from ..ports import LOOPBACK, free_port, wait_for_port
from ..processes import background


class Handler:
    """Offers PIPELINING (RFC 2920), as mail servers do; aiosmtpd answers line by line, so that it keeps to it."""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server, session, envelope):
        return "250 Accepted"


@contextmanager
def running_sink():
    """Run one while the block lasts; give its port."""
    port = free_port()
    with background([sys.executable, "-m", "tools.bench.sink", str(port)]) as process:
        if not wait_for_port(port, process):
            raise Problem("the mail server of bin/bench does not start")
        yield port


def main(port):
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    controller = Controller(Handler(), hostname=LOOPBACK, port=port)
    controller.start()
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
