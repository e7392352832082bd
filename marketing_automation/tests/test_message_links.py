import doctest
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from .. import links
from ..links import hide_pages_below, show_pages_below, split_links

SITE = "https://shop.example.com"


class TestMessageLinks(BaseCase):
    """Where an address in a text ends, and which are Odoo's own pages."""

    def test_doctests(self):
        self.assertEqual(doctest.testmod(links).failed, 0)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.text(alphabet="ab./()[]{}?=&,;:!'*_~\"<> -é日。", max_size=30), st.sampled_from(["", " ", "(", "[", "*"]))
    def test_nothing_of_a_text_is_lost(self, tail, before):
        text = f"{before}{SITE}/{tail} {SITE}"
        parts = split_links(text)
        self.assertEqual("".join(parts), text)
        for address in parts[1::2]:
            self.assertTrue(address.startswith("https://"))
            self.assertFalse(re.search(r"[\s.,;:!?'*_~]$", address), address)

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(st.text(alphabet="ab/.%_-?#'\" ", max_size=6), st.sampled_from(["/view", "/unsubscribe_from_list"]))
    def test_what_is_hidden_comes_back(self, tail, page):
        body = f'<a href="{SITE}{page}{tail}">{SITE}{page}</a>'
        hidden = hide_pages_below(body, SITE)
        self.assertEqual(show_pages_below(hidden, SITE), body)
        self.assertEqual(hidden.count(page), 1 if re.match(r"[\w/%-]|\.\w", tail) else 2)
