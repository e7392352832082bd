#!/bin/sh
# Python's smtplib: an address that cannot be written in ASCII spoils the *next* mail of the connection.
#
# Guess: when sendmail() fails, the connection is usable for the next mail, as after a refused recipient, where smtplib
# sends RSET by itself.
# Seen (Python 3.11.7, aiosmtpd 1.4.6): rcpt() raises UnicodeEncodeError after MAIL was accepted and sends no
# RSET. The next sendmail() on that connection, with an ordinary sender and recipient, is refused with
# "503 Error: nested MAIL command", as SMTPSenderRefused: in the name of a person
# whose mail is in order. An explicit rset() between the two is enough.
# This matters to whatever sends many mails by one connection, as Odoo 19.0's mail queue does.
# Fails if the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "aiosmtpd==1.4.6"
"$folder/venv/bin/python" - <<'PYTHON'
import smtplib
import socket
import sys

from aiosmtpd.controller import Controller


class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"


MESSAGE = "Subject: Hello\r\n\r\nHello\r\n"
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
controller = Controller(Sink(), hostname="127.0.0.1", port=port, enable_SMTPUTF8=False)
controller.start()
try:
    def outcome(client, recipient):
        try:
            client.sendmail("news@sender.example", [recipient], MESSAGE)
        except Exception as error:
            return f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
        return "sent"

    with smtplib.SMTP("127.0.0.1", port) as client:
        first = outcome(client, "zoë@recipient.example")
        second = outcome(client, "ann@recipient.example")
        third = outcome(client, "ben@recipient.example")
    with smtplib.SMTP("127.0.0.1", port) as client:
        outcome(client, "zoë@recipient.example")
        client.rset()
        after_rset = outcome(client, "ann@recipient.example")
finally:
    controller.stop()

found = (first, second, third, after_rset)
print(f"Python {sys.version.split()[0]}: international address: {first}; next mail: {second}; the one after: {third}; "
      f"with RSET in between: {after_rset}")
expected = ("UnicodeEncodeError", "SMTPSenderRefused 503", "sent", "sent")
sys.exit(0 if found == expected else f"changed: expected {expected}")
PYTHON
