"""Which opens and clicks are no person's: pure, without Odoo. What is known stands in ``data/machines.json``."""

import json
import re
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

DATA = Path(__file__).parent / "data" / "machines.json"


def find_machine(event, agent, address):
    """Return which machine opens or follows a link, in words; None where it is a person, as far as anybody knows.

    :param str event: ``open`` or ``click``
    :param str agent: as what it announces itself
    :param str address: from where (IP)

    >>> find_machine("click", "Mozilla/5.0 (compatible; bingbot/2.0)", "192.0.2.1")
    'bingbot'
    >>> find_machine("click", "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG) Instagram 300.0", "192.0.2.1")
    """
    patterns, networks = _read()
    for pattern, name, events in patterns:
        if event in events and pattern.search(agent or ""):
            return name
    try:
        where = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    where = getattr(where, "ipv4_mapped", None) or where
    return next((name for network, name, events in networks if event in events and where in network), None)


@cache
def _read():
    data = json.loads(DATA.read_text(encoding="utf-8"))
    patterns = [
        (re.compile(entry["pattern"], re.IGNORECASE), entry["name"], frozenset(entry["events"]))
        for entry in data["agents"]
    ]
    networks = [
        (ip_network(network), entry["name"], frozenset(entry["events"]))
        for entry in data["networks"]
        for network in entry["networks"]
    ]
    return patterns, networks
