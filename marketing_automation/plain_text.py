"""An email's text part, written from its HTML part: pure, without Odoo.

Odoo's own is meant for the notes of a chatter: it names pictures by their files, and leaves marks of what it has not
read. What is hidden in the HTML part is not in this one either.
"""

import re

from lxml import etree

SKIPPED = {"head", "style", "script", "title", "template", "noscript", "svg"}
PARAGRAPHS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl", "figure"),
    "hr",
}
LINES = {*("body", "div", "li", "tr", "td", "th", "section", "header", "footer", "article", "dt", "dd", "center")}
BLOCKS = PARAGRAPHS | LINES
LISTS = ("ul", "ol")
STRONG = {"b", "strong"}
HIDDEN = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
# white space, and what takes no room: programs fill the line of preview with it
SPACE = re.compile(r"[\s\xa0\u034f\u200b-\u200d\u2060\ufeff]+")
PIXEL = "/mail/track/"


def write_text(body):
    r"""Return what an email in HTML says, its links numbered and told below.

    :param str body:
    :rtype: str

    >>> print(write_text('<h1 class="a">Hi</h1><p>See <a href="https://x.example">us</a>.</p><img src="b.gif"/>'))
    Hi
    <BLANKLINE>
    See us [1].
    <BLANKLINE>
    [1] https://x.example
    <BLANKLINE>
    """
    tree = etree.fromstring(body, parser=etree.HTMLParser()) if body and body.strip() else None
    if tree is None:
        return ""
    writer = _Writer()
    walk = etree.iterwalk(tree, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            if element.tag in SKIPPED or HIDDEN.search(element.get("style") or ""):
                walk.skip_subtree()
            else:
                writer.start(element)
        else:
            if event == "end":
                writer.end(element)
            writer.add(element.tail)
    return writer.get_text()


class _Writer:
    def __init__(self):
        self.lines = []
        self.line = ""
        self.gap = 0  # line breaks before the next line
        self.lists = []  # of each list that is open: the number of its last item; None where they have none
        self.marks = []  # what stands before each line, from the outermost quote or item on
        self.strong = []  # where it begins in the line
        self.addresses = {}

    def start(self, element):
        tag = element.tag
        if tag in BLOCKS:
            self.end_line(2 if tag in PARAGRAPHS and not self.lists else 1)
        if tag in LISTS:
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.marks.append(self._get_mark())
        elif tag == "blockquote":
            self.marks.append("> ")
        elif tag in STRONG:
            self.strong.append(len(self.line))
        elif tag == "br":
            self.end_line(1 if self.line.strip() else self.gap + 1)
        elif tag == "hr":
            self.line = "-" * 20
        elif tag == "img" and PIXEL not in (element.get("src") or ""):
            self.add(element.get("alt"))
        self.add(element.text)

    def end(self, element):
        tag = element.tag
        if tag == "a":
            self._tell_address((element.get("href") or "").strip())
        elif tag in STRONG and self.strong:
            self._emphasize(self.strong.pop())
        if tag in LISTS and self.lists:
            self.end_line(1)
            self.lists.pop()
        if tag in BLOCKS:
            self.end_line(2 if tag in PARAGRAPHS and not self.lists else 1)
        if tag in ("li", "blockquote") and self.marks:
            self.marks.pop()

    def add(self, text):
        text = SPACE.sub(" ", text or "")
        self.line += text.lstrip() if not self.line or self.line.endswith(" ") else text

    def end_line(self, gap):
        """Begin a new line, or, with 2, a new paragraph."""
        if self.line.strip():
            if self.lines:
                self.lines += [""] * (min(self.gap, 2) - 1)
            self.lines.append("".join(self.marks) + self.line.strip())
            # the next lines of an item stand below its text
            self.marks = [mark if mark == "> " else " " * len(mark) for mark in self.marks]
            self.gap = 1
        self.line = ""
        self.strong = [0 for _begin in self.strong]
        self.gap = max(self.gap, gap)

    def _get_mark(self):
        if not self.lists or self.lists[-1] is None:
            return "- "
        self.lists[-1] += 1
        return f"{self.lists[-1]}. "

    def _emphasize(self, begin):
        text = self.line[begin:]
        if text.strip():
            blank = " " if text.startswith(" ") else ""
            self.line = f"{self.line[:begin]}{blank}*{text.strip()}*{' ' if text.endswith(' ') else ''}"

    def _tell_address(self, address):
        label = self.line.strip()
        if not address or address.startswith("#") or (label and address.endswith(f":{label.split(' ')[-1]}")):
            return  # an anchor, or "mailto:" of what is read anyway
        number = self.addresses.setdefault(address, len(self.addresses) + 1)
        self.line = f"{self.line.rstrip()} [{number}]"

    def get_text(self):
        self.end_line(2)
        links = [f"[{number}] {address}" for address, number in self.addresses.items()]
        return "\n".join([*self.lines, *([""] if links else []), *links, ""])
