"""The small world's hosts, in networks that RFC 5737 keeps for documentation, and the DNS server that knows them."""

import socket
import struct
import threading

RELAY = "192.0.2.10"  # the mail server that Odoo hands its mails to
PEOPLE = "198.51.100.20"  # that of those who get them
NARROW = "198.51.100.21"  # one that takes very short messages only
SILENT = "198.51.100.99"  # one that is down
ODOO = "203.0.113.30"  # Odoo's own, where reports and answers come back
LISTS = "198.51.100.40"  # a list server

HOSTS = {
    "relay.example": RELAY,
    "mx.people.example": PEOPLE,
    "mx.narrow.example": NARROW,
    "mx.down.example": SILENT,
    "mx.odoo.example": ODOO,
    "lists.example": LISTS,
    "odoo.example": ODOO,
}
# Where the mail of a domain goes; "" is RFC 7505's way to say that it takes none. nowhere.example does not exist.
MAIL = {
    "people.example": "mx.people.example",
    "narrow.example": "mx.narrow.example",
    "down.example": "mx.down.example",
    "odoo.example": "mx.odoo.example",
    "lists.example": "lists.example",
    "nomail.example": "",
}
A, NS, SOA, PTR, MX = 1, 2, 6, 12, 15
NO_SUCH_NAME = 3
TTL = 60


def serve(address="127.0.0.1"):
    """Answer questions about these names, by UDP and by TCP, as long as the process lives."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, 53))
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((address, 53))
    tcp.listen()
    for loop, sock in ((_serve_udp, udp), (_serve_tcp, tcp)):
        threading.Thread(target=loop, args=(sock,), daemon=True).start()


def _serve_udp(sock):
    while True:
        query, client = sock.recvfrom(4096)
        sock.sendto(answer(query), client)


def _serve_tcp(sock):
    while True:
        connection, _client = sock.accept()
        with connection:
            size = connection.recv(2)
            if len(size) == 2:
                reply = answer(connection.recv(struct.unpack("!H", size)[0]))
                connection.sendall(struct.pack("!H", len(reply)) + reply)


def answer(query):
    """:return: the reply to a DNS query of one question"""
    labels, position = [], 12
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length].decode("ascii", "replace"))
        position += 1 + length
    question = query[12 : position + 5]
    (kind,) = struct.unpack("!H", query[position + 1 : position + 3])
    found, exists = _look_up(".".join(labels).lower(), kind)
    records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, TTL, len(data)) + data for data in found)
    flags = 0x8580 | (0 if exists else NO_SUCH_NAME)
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + question + records


def _look_up(name, kind):
    """:return: the data of the records, and whether the name exists"""
    addresses = {_reverse(address): host for host, address in reversed(HOSTS.items())}
    if kind == A and name in HOSTS:
        return [socket.inet_aton(HOSTS[name])], True
    if kind == MX and name in MAIL:
        return [struct.pack("!H", 10 if MAIL[name] else 0) + _encode(MAIL[name])], True
    if kind == PTR and name in addresses:
        return [_encode(addresses[name])], True
    return [], name in HOSTS or name in MAIL or name in addresses


def _reverse(address):
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def _encode(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"
