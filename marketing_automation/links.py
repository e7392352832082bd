"""Addresses in messages: where one in a text ends, and which are Odoo's own pages about the message. Pure."""

import re

# Odoo's own pages about a message, which it completes for each recipient as the message is sent
OWN_PAGES = ("/unsubscribe_from_list", "/view")
# The same address for a browser, but not for who looks for it: its first letter is written by its number
HIDDEN = {page[1:]: f"%{ord(page[1]):x}{page[2:]}" for page in OWN_PAGES}
# A placeholder is a part of its address; what may stand in a path, and what in the query behind it
ADDRESS = re.compile(
    r"https?://(?=[^\W_]|\{)(?:[\w@:%.+&~#=/!$'()*,;\[\]-]|\{\{.*?\}\})+(?:\?(?:\{\{.*?\}\}|[^\s<>\"“”«»])*)?",
    re.DOTALL,
)
# What ends the sentence, or marks the words, that an address stands in
AROUND = ".,;:!?'’*_~"
BRACKETS = {")": "(", "]": "["}


def split_links(text):
    """Split a text at the addresses in it: every second part is one.

    A bracket belongs to the address as far as it was opened there; the stop of a sentence does not.

    >>> split_links("See https://shop.example.com/a_(b).html, or (https://shop.example.com)!")
    ['See ', 'https://shop.example.com/a_(b).html', ', or (', 'https://shop.example.com', ')!']
    """
    parts, done = [], 0
    for found in ADDRESS.finditer(text):
        address = _strip_around(found[0])
        parts += [text[done : found.start()], address]
        done = found.start() + len(address)
    return [*parts, text[done:]]


def _strip_around(address):
    while address[-1] in AROUND or address.count(address[-1]) > address.count(BRACKETS.get(address[-1], address[-1])):
        address = address[:-1]
    return address


def find_links(text):
    """Return the addresses in a text, each once, in order.

    >>> find_links("https://a.example/{{ object.id }}/x and https://a.example/[1], https://a.example/[1]")
    ['https://a.example/{{ object.id }}/x', 'https://a.example/[1]']
    """
    return list(dict.fromkeys(split_links(text or "")[1::2]))


def is_own_page(address):
    """Tell whether an address without its site is one of Odoo's pages about a message, and no page below it.

    >>> is_own_page("/view?x=1"), is_own_page("/view/12"), is_own_page("/views")
    (True, False, False)
    """
    return re.split(r"[?#]", address, maxsplit=1)[0] in OWN_PAGES


def hide_pages_below(body, base_url):
    """Write addresses that only begin as Odoo's own pages so that Odoo does not complete them.

    :param body: str or Markup
    :param str base_url: of this database
    """
    pages = _find_pages_below(base_url, HIDDEN)
    return body.__class__(pages.sub(lambda found: HIDDEN[found[0]], body))


def show_pages_below(body, base_url):
    """Undo :func:`hide_pages_below`.

    >>> hidden = hide_pages_below('<img src="http://a.example/view/12.png"/> http://a.example/view', "http://a.example")
    >>> hidden, show_pages_below(hidden, "http://a.example").count("/view")
    ('<img src="http://a.example/%76iew/12.png"/> http://a.example/view', 2)
    """
    shown = {hidden: page for page, hidden in HIDDEN.items()}
    return body.__class__(_find_pages_below(base_url, shown).sub(lambda found: shown[found[0]], body))


def _find_pages_below(base_url, pages):
    return re.compile(rf"(?<={re.escape(base_url)}/)(?:{'|'.join(pages)})(?=[\w/~%+-]|\.\w)")
