"""TCP ports on this machine's loopback address, the only one that anything here listens on."""

import http.client
import socket
import time

LOOPBACK = "127.0.0.1"
START_PATIENCE = 60  # seconds for a server to answer


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(wanted=0):
    """:return: the wanted port, or any free one where it is taken."""
    if wanted and is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    """:return: whether somebody listens there before the process ends or our patience does."""
    return _wait(lambda: _accepts(port), process)


def wait_for_page(port, path, process):
    """:return: whether the page is served before the process ends or our patience does."""
    return _wait(lambda: _serves(port, path), process)


def _wait(condition, process):
    deadline = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _serves(port, path):
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=START_PATIENCE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
