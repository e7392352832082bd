"""Headers and parts of a message as they came, whatever is wrong with them.

Python's own access to a header parses it, which fails on some that real programs and strangers send. Nothing here does.
"""

import base64
import binascii
import quopri
import re
from email import message_from_string
from email.policy import compat32

MAX_PARTS = 100  # that are looked at: a report has three
MAX_TEXT = 100_000  # characters of a text that are read
MAX_IDS = 32

# anywhere within the field: some programs write "Your message of <date>" before it; whitespace is of a fold
MESSAGE_ID = re.compile(r"<([^<>@]{1,500}@[^<>@]{1,500})>")
ADDRESS = re.compile(r"[^\s<>\"'(),:;\[\]@]{1,128}@[^\s<>\"'(),:;@]{1,255}")
FOLD = re.compile(r"\r?\n(?=[ \t])")


def get_header(part, name):
    """Return the first header of a name as it came, unfolded; empty where there is none."""
    return next(iter(get_headers(part, name)), "")


def get_headers(part, name):
    """Return all headers of a name as they came, unfolded."""
    name = name.lower()
    return [FOLD.sub("", str(value)).strip() for key, value in part.raw_items() if key.lower() == name]


def has_header(part, name):
    return any(key.lower() == name.lower() for key, _value in part.raw_items())


def get_content_type(part):
    """Return the type of a part in lower case: ``text/plain`` where it says nothing that could be one."""
    content_type = get_header(part, "Content-Type").partition(";")[0].strip().lower()
    return content_type if re.fullmatch(r"[^\s/]+/[^\s/]+", content_type) else "text/plain"


def get_parameter(part, name):
    """Return a parameter of the content type, in lower case."""
    found = re.search(rf";\s*{re.escape(name)}\s*=\s*\"?([^\s\";]+)", get_header(part, "Content-Type"), re.IGNORECASE)
    return found[1].lower() if found else ""


def iter_parts(message):
    """Yield a message and its parts, but nothing of the messages that are attached to it."""
    waiting, count = [message], 0
    while waiting and count < MAX_PARTS:
        part = waiting.pop(0)
        count += 1
        yield part
        if get_content_type(part).startswith("multipart/") and isinstance(part.get_payload(), list):
            waiting += part.get_payload()


def get_text(part):
    """Return the text of a part, decoded as far as it can be."""
    payload = part.get_payload()
    if isinstance(payload, list):  # of message/*: Python made messages of it
        payload = "\n\n".join(_get_source(inner) for inner in payload)
    content = _decode(str(payload or ""), get_header(part, "Content-Transfer-Encoding"))
    return content[:MAX_TEXT].replace("\r\n", "\n")


def get_fields(text):
    """Return the groups of fields of a report, such as those of ``message/delivery-status``.

    :return: one list of (name in lower case, value) for each group that is not empty
    """
    groups = []
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        fields = []
        for line in block.split("\n"):
            name, colon, value = line.partition(":")
            if line[:1] in (" ", "\t") and fields:
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}".strip())
            elif colon and name and not re.search(r"\s", name.strip()):
                fields.append((name.strip().lower(), value.strip()))
        if fields:
            groups.append(fields)
    return groups


def get_original(message):
    """Return the message that a report is about, or its headers: the first that is attached; None where none is."""
    for part in iter_parts(message):
        content_type = get_content_type(part)
        if content_type in ("message/rfc822", "message/global"):
            payload = part.get_payload()
            encoding = get_header(part, "Content-Transfer-Encoding").lower()
            if isinstance(payload, list) and payload and encoding not in ("base64", "quoted-printable"):
                return payload[0]
            return message_from_string(get_text(part).lstrip("\n"), policy=compat32)
        if content_type in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            return message_from_string(get_text(part).lstrip("\n"), policy=compat32)
    return None


def find_message_ids(text):
    """Return the Message-Ids in a field or a text, in order.

    >>> find_message_ids("Your message of <Fri, 27 Nov 2026>\\n <a.b@shop.example>")
    ['<a.b@shop.example>']
    """
    ids = []
    for found in MESSAGE_ID.findall(text):
        message_id = "<" + "".join(found.split()) + ">"
        if message_id not in ids:
            ids.append(message_id)
    return ids


def find_address(text):
    """Return the first address in a field, in lower case; empty where there is none.

    >>> find_address("rfc822; Ann@Example.com")
    'ann@example.com'
    """
    found = ADDRESS.search(text)
    return found[0].rstrip(".").lower() if found else ""


def find_addresses(text):
    return [found.rstrip(".").lower() for found in ADDRESS.findall(text)]


def _get_source(part):
    """Return a part as text: its headers and its body."""
    headers = "".join(f"{name}: {value}\n" for name, value in part.raw_items())
    payload = part.get_payload()
    if isinstance(payload, list):
        payload = "\n\n".join(_get_source(inner) for inner in payload[:MAX_PARTS] if inner is not part)
    return f"{headers}\n{payload or ''}" if headers else str(payload or "")


def _decode(text, encoding):
    encoding = encoding.strip().lower()
    raw = text.encode("utf-8", "surrogateescape")
    if encoding == "base64":
        raw = _decode_base64(raw)
    elif encoding == "quoted-printable":
        raw = quopri.decodestring(raw)
    return raw.decode("utf-8", "replace")


def _decode_base64(raw):
    """Return what is encoded, or the text itself where it is no base64."""
    try:
        return base64.b64decode(re.sub(rb"[^A-Za-z0-9+/=]", b"", raw) + b"==")
    except (binascii.Error, ValueError):
        return raw
