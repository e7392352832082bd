"""Email addresses with an international domain: two spellings of one mailbox. Pure, without Odoo."""

import idna


def to_ascii(address):
    """Return an address with its domain as mail servers write it (IDNA); as it is where that has no such spelling.

    :param str address: without a name

    >>> to_ascii("ada@bücher.example"), to_ascii("ada@people.example")
    ('ada@xn--bcher-kva.example', 'ada@people.example')
    """
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address


def to_unicode(address):
    """Return an address with its domain as people write it; as it is where it is no international one.

    :param str address: without a name

    >>> to_unicode("ada@xn--bcher-kva.example")
    'ada@bücher.example'
    """
    local, at, domain = address.rpartition("@")
    if not at or "xn--" not in domain.lower():
        return address
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return address


def get_spellings(address):
    """Return all the ways to write an address, itself among them.

    :param str address: normalized
    :rtype: set[str]
    """
    return {address, to_ascii(address), to_unicode(address)}
