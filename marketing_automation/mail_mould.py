"""What the messages of a mailing have in common is made once, and cast for each recipient: pure, without Odoo.

Python's email package parses each header that is set, and folds it again from what it has parsed; it looks for a
boundary in the whole of each message, and encodes each attachment anew. That is most of what a message costs. A Mould
is made from a message that was built so. It keeps what is the same for everybody, and proves itself: it is used only
when it gives, for that message, the very same octets.
"""

import copy
import re
import threading
from collections import OrderedDict
from email.contentmanager import set_text_content
from email.generator import BytesGenerator
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from io import BytesIO

LINESEP = "\r\n"
REMEMBERED = 512  # headers, and folded ones; each mailing has some fifteen
LONGEST_REMEMBERED = 1000  # characters
# What needs no parsing, since folding leaves it as it is where it fits a line
NAME = r'"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*" '
ATOMS = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
DOMAIN = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
PLAIN_ADDRESS = re.compile(rf"{NAME}<{ATOMS}@{DOMAIN}>|{ATOMS}@{DOMAIN}")
PLAIN_ID = re.compile(rf"<{ATOMS}@{DOMAIN}>")
PLAIN_URL = re.compile(r"<https?://[!#-;@-~=?]+>")  # neither blanks nor quotes
PLAIN_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,:!-]*(?: [A-Za-z0-9.,:!-]+)*")
FROM = re.compile(r"(?m)^From ")
LINE_END = re.compile(r"\r\n|\r|\n")


class Remembered:
    """The latest results of a function, by what it was asked; threads share them."""

    def __init__(self, size):
        self._size = size
        self._results = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key, make):
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        result = make()
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._size:
                self._results.popitem(last=False)
        return result


class PlainHeader(str):
    """A header that is what it says; everything else that a header of Python's knows is read when somebody asks."""

    __slots__ = ("_read", "name")

    def __new__(cls, name, value):
        header = super().__new__(cls, value)
        header.name = name
        header._read = None
        return header

    def __reduce__(self):
        return PlainHeader, (self.name, str(self))

    def fold(self, *, policy):
        return f"{self.name}: {self}{policy.linesep}"

    def __getattr__(self, attribute):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        if self._read is None:
            self._read = HeaderRegistry()(self.name, str(self))
        return getattr(self._read, attribute)


class HeaderMemory:
    """Makes the headers of a policy, each distinct one once: they are never changed."""

    def __init__(self):
        self._registry = HeaderRegistry()
        self._headers = Remembered(REMEMBERED)
        self._kinds = {}

    def __reduce__(self):
        return HeaderMemory, ()  # Python's generator copies a message, and its policy, before it changes one

    def __getitem__(self, name):
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._registry[name]
            if len(self._kinds) < REMEMBERED:
                self._kinds[name] = kind
        return kind

    def __call__(self, name, value):
        if not isinstance(value, str) or len(value) > LONGEST_REMEMBERED:
            return self._registry(name, value)
        return self._headers.get((name, str(value)), lambda: self._registry(name, value))


class CastMessage(EmailMessage):
    """A message like any other, which knows its octets sooner.

    ``content`` is what follows the headers on the wire. Nobody changes the parts of such a message: where an addon may,
    none is made.
    """

    content = None

    def get_octets(self):
        """Return the whole message as it goes over the wire."""
        policy = self.policy
        return b"".join([*(fold(name, value, policy) for name, value in self.raw_items()), b"\r\n", self.content])


_folded = Remembered(REMEMBERED)


def fold(name, value, policy):
    if isinstance(value, PlainHeader):
        return value.fold(policy=policy).encode("ascii")
    # With the result the header is kept, so that no other one has its id meanwhile.
    return _folded.get((id(value), name, policy), lambda: (value, policy.fold_binary(name, value)))[1]


class Mould:
    """Casts messages like one that was built in the slow way.

    :param EmailMessage message: with a part of plain text, one of HTML, and perhaps attachments
    :param dict values: what it was built from, in the order of its headers; see :meth:`cast`
    :param attachments: of the message
    """

    def __init__(self, message, values, attachments):
        self.attachments = attachments
        self.policy = message.policy
        shell = copy.copy(message)
        octets = to_octets(shell)  # gives its multipart parts their boundaries
        self._named = values.keys()
        self._own = {name.lower(): value for name, value in shell.raw_items() if name.lower() not in values}
        self._names = [name for name, _value in shell.raw_items()]
        alternative, *others = [shell] if shell.get_content_subtype() == "alternative" else shell.get_payload()
        self._outer = None if alternative is shell else shell.get_boundary()
        self._inner = alternative.get_boundary()
        self._alternative_head = b"" if alternative is shell else _head(alternative, self.policy)
        self._attached = others
        self._attached_octets = [to_octets(part, self.policy) for part in others]
        self.is_true = self._proves_itself(message, values, octets)

    def _proves_itself(self, message, values, octets):
        names = {name.lower() for name in self._names}
        if len(names) != len(self._names) or not values.keys() <= names:
            return False
        texts = [part.get_content() for part in _texts_of(message)]
        proof = self.cast({**values, "date": message["date"]}, *texts) if len(texts) == 2 else None
        return bool(proof) and proof.get_octets() == octets

    def cast(self, values, text, body):
        """Return a message.

        :param dict values: of its headers, by their names in small letters; those of the mould, and no others
        :param str text: of the plain part
        :param str body: of the HTML part
        :return: a CastMessage, or None where the slow way has to be taken
        """
        if values.keys() != self._named:
            return None
        texts = [self._encode("plain", text), self._encode("html", body)]
        content = self._assemble([octets for _headers, _payload, octets in texts])
        if content is None:
            return None
        message = CastMessage(policy=self.policy)
        for name, value in self._get_headers(values):
            message.set_raw(name, value)
        alternative = [self._part(headers, payload) for headers, payload, _octets in texts]
        if self._outer:
            inner = EmailMessage(policy=self.policy)
            inner["Content-Type"] = f'multipart/alternative; boundary="{self._inner}"'
            inner.set_payload(alternative)
            message.set_payload([inner, *self._attached])
        else:
            message.set_payload(alternative)
        message.content = content
        return message

    def cast_octets(self, values, text, body):
        """Return the octets of such a message, for who needs no more of it; None where the slow way has to be taken."""
        if values.keys() != self._named:
            return None
        content = self._assemble([self._encode(*each)[2] for each in (("plain", text), ("html", body))])
        if content is None:
            return None
        return b"".join([*(fold(*header, self.policy) for header in self._get_headers(values)), b"\r\n", content])

    def _get_headers(self, values):
        for name in self._names:
            own = self._own.get(name.lower())
            yield name, _header(name, values[name.lower()], self.policy) if own is None else own

    def _assemble(self, texts):
        """Return the octets that follow the headers; None where a text holds a boundary by chance."""
        content = _join(texts, self._inner)
        if self._outer:
            content = _join([self._alternative_head + content, *self._attached_octets], self._outer)
        boundaries = [boundary.encode() for boundary in (self._inner, self._outer) if boundary]
        return None if any(boundary in text for text in texts for boundary in boundaries) else content

    def _encode(self, subtype, text):
        """Return the headers of a part of text, its payload, and the octets of both."""
        caught = _Caught(self.policy)
        set_text_content(caught, text, subtype=subtype, charset="utf-8")
        headers, head = _text_head(self.policy, subtype, caught.encoding)
        payload = LINE_END.sub(LINESEP, FROM.sub(">From ", caught.payload))
        return headers, caught.payload, head + payload.encode("ascii", "surrogateescape")

    def _part(self, headers, payload):
        part = EmailMessage(policy=self.policy)
        for name, value in headers:
            part.set_raw(name, value)
        part.set_payload(payload)
        return part


class _Caught:
    """Takes what Python's email package has to say of a part of text: how it is encoded, and the result."""

    def __init__(self, policy):
        self.policy = policy
        self.payload = self.encoding = None

    def __setitem__(self, name, value):
        if name == "Content-Transfer-Encoding":
            self.encoding = value

    def set_payload(self, payload):
        self.payload = payload

    def set_param(self, *args, **kwargs):
        """Its headers are remembered."""


_text_heads = Remembered(REMEMBERED)


def _text_head(policy, subtype, encoding):
    """Return the headers of a part of text, and their octets."""

    def make():
        part = EmailMessage(policy=policy)
        part.set_content("", subtype=subtype, charset="utf-8", cte=encoding)
        return list(part.raw_items()), _head(part, policy)

    return _text_heads.get((policy, subtype, encoding), make)


def _head(part, policy):
    return b"".join(policy.fold_binary(name, value) for name, value in part.raw_items()) + b"\r\n"


def _join(parts, boundary):
    line = f"--{boundary}".encode()
    return line + b"\r\n" + (b"\r\n" + line + b"\r\n").join(parts) + b"\r\n" + line + b"--\r\n"


def _header(name, value, policy):
    """Return a header as the policy makes it, without parsing where what it says is plain."""
    if isinstance(value, list):
        if len(value) != 1:
            return policy.header_store_parse(name, value)[1]
        [value], is_plain = value, PLAIN_ADDRESS.fullmatch
        return _plain(name, value, policy, is_plain) or policy.header_store_parse(name, [value])[1]
    is_plain = {"message-id": PLAIN_ID, "list-unsubscribe": PLAIN_URL, "subject": PLAIN_TEXT}.get(name.lower())
    header = is_plain and _plain(name, value, policy, is_plain.fullmatch)
    return header or policy.header_store_parse(name, value)[1]


def _plain(name, value, policy, is_plain):
    longest = policy.get_line_length(name)
    if isinstance(value, str) and len(name) + 2 + len(value) <= longest and is_plain(value):
        return PlainHeader(name, value)
    return None


def _texts_of(message):
    """Return the parts of text of a message that are no attachments."""
    alternative = message
    if message.get_content_subtype() != "alternative":
        [alternative, *_others] = message.get_payload()
    return alternative.get_payload() if alternative.get_content_subtype() == "alternative" else []


def to_octets(part, policy=None):
    """Return a message or a part of one as Python's own generator writes it for a mail server."""
    octets = BytesIO()
    # smtplib gives it no policy, so that it marks the lines that mailboxes of old took for the beginning of a message
    BytesGenerator(octets, mangle_from_=True, policy=policy).flatten(part, linesep=LINESEP)
    return octets.getvalue()
