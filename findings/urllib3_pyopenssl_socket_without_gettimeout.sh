#!/bin/sh
# urllib3's TLS socket on pyOpenSSL: its timeout can be set and not read.
#
# Guess: WrappedSocket, which stands in for a socket wherever pyOpenSSL is used, has gettimeout() as it has settimeout();
# ssl.SSLSocket and socket.socket have both.
# Seen (urllib3 1.26.20 and 2.6.3, pyOpenSSL 24.3.0): settimeout() is there, gettimeout() is not. Code that shortens
# the timeout of a connection for a while, and wants to put back what it was, works with Python's own TLS and raises
# AttributeError with this one.
# This matters to whoever handles the sockets of Odoo 19.0's mail servers: with a client certificate ("SSL Certificate"
# as authentication) Odoo's SMTP connection is such a WrappedSocket.
# Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 1.26.20 2.6.3; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "urllib3==$version" "pyOpenSSL==24.3.0"
    "$folder/$version/bin/python" -W ignore - <<'PYTHON'
import socket
import ssl
import sys

import OpenSSL
import urllib3
from OpenSSL import SSL
from urllib3.contrib.pyopenssl import WrappedSocket

left, right = socket.socketpair()
with left, right:
    wrapped = WrappedSocket(SSL.Connection(SSL.Context(SSL.TLS_METHOD), left), left)
    wrapped.settimeout(5)
    try:
        outcome = f"gettimeout() gives {wrapped.gettimeout()}"
    except AttributeError:
        outcome = "AttributeError"
    set_on_the_real_one = left.gettimeout()
print(
    f"urllib3 {urllib3.__version__}, pyOpenSSL {OpenSSL.__version__}: {outcome} after settimeout(5), "
    f"which reached the socket: {set_on_the_real_one}; ssl.SSLSocket has it: {hasattr(ssl.SSLSocket, 'gettimeout')}"
)
sys.exit(0 if (outcome, set_on_the_real_one) == ("AttributeError", 5.0) else "changed")
PYTHON
done
