"""The file in which campaigns move to another database: read from JSON, and refused. Pure, except its words.

It holds no id. What a campaign needs of its database it names: by an external id, a key or a name, each name once,
in ``references``. A value is ``{"ref": 3}`` for the record that the fourth of them names, ``{"step": "2"}`` for a step
of the same campaign and ``{"branch": ["2", 0]}`` for the first branch of a step. In the text of a filter it is
``ref_3``, and in the body of a message ``/web/image/file_0`` is the first file of the campaign.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field

from odoo import _

from .filter_text import is_storable

FORMAT, VERSION = "marketing_automation.campaigns", 1
MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_FILE_BYTES = 6 * MEGABYTE  # of the images and attachments of one file of campaigns, before they are encoded
MOST_CAMPAIGNS, MOST_STEPS, MOST_PARTS, MOST_REFERENCES = 200, 1_000, 1_000, 20_000
LONGEST_NAME, DEEPEST, DEEPEST_ACTION = 1_000, 40, 5
FILE_PLACE = re.compile(r"(/web/(?:image|content)/)file_(\d{1,6})\b")
_MODEL = re.compile(r"[a-z0-9_]{1,60}(\.[a-z0-9_]{1,60}){0,9}")
_FIELD = re.compile(r"[a-z_][a-zA-Z0-9_]{0,100}")
_XMLID = re.compile(r"[a-zA-Z0-9_]{1,100}\.[a-zA-Z0-9_.-]{1,200}")


class CampaignFileError(ValueError):
    """A file that cannot be read, with the reason in words."""


@dataclass(frozen=True)
class Reference:
    """A record of the database from which the campaigns come.

    :param key: of a model, a field or a selected value: its technical name
    :param name: None of one that was deleted, or that whoever exported could not see
    """

    model: str
    xmlid: str | None = None
    key: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class File:
    """An image or an attachment of a message; without content where it was too large to be exported."""

    name: str
    mimetype: str
    content: bytes | None


@dataclass(frozen=True)
class Message:
    values: dict
    attachments: tuple


@dataclass(frozen=True)
class Action:
    """A server action.

    :param record: the number of the name of one that was made for all, not for its campaign
    :param shipped: the key of one that came with a campaign template
    :param bool withheld: whether it has what its exporter could not read, or what is secret
    """

    values: dict
    children: tuple = ()
    record: int | None = None
    shipped: str | None = None
    withheld: bool = False


@dataclass(frozen=True)
class Part:
    """A step of a workflow, with the numbers of its message and of its server action among those of its campaign."""

    key: str
    parent: str | None
    values: dict
    branches: tuple
    mailing: int | None
    action: int | None


@dataclass(frozen=True)
class Campaign:
    target: str
    target_name: str
    values: dict
    entries: tuple
    activities: tuple  # those above before those below
    mailings: tuple
    actions: tuple
    files: tuple

    @property
    def name(self):
        return self.values["name"]


@dataclass
class CampaignFile:
    """What a file says.

    :param set unknown: names of parts that this release does not know
    """

    references: tuple = ()
    campaigns: tuple = ()
    unknown: set = field(default_factory=set)


def read_campaign_file(content):
    """Return the campaigns of a file.

    :param bytes content: of the file
    :rtype: CampaignFile
    :raise CampaignFileError: saying in words what is wrong with it
    """
    if len(content) > MOST_BYTES:
        raise CampaignFileError(
            _(
                "The file has %(size)s MB: it takes at most %(most)s MB.",
                size=-(-len(content) // MEGABYTE),
                most=MOST_BYTES // MEGABYTE,
            )
        )
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise CampaignFileError(_("The file is nested too deeply.")) from error
    except ValueError as error:  # no UTF-8, no JSON, cut off, a number of thousands of digits
        raise CampaignFileError(
            _("The file is no JSON that can be read: it may be another file, or cut off.")
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise CampaignFileError(_("The file was not made by “Export Campaigns”."))
    version = data.get("version")
    if type(version) is not int or version < 1:
        raise CampaignFileError(_("The file does not say in which version it is written."))
    if version > VERSION:
        raise CampaignFileError(_("The file was made by a newer release: upgrade Marketing Automation here first."))
    _check_values(data)
    return _Reading().file(data)


def _refuse_constant(name):
    raise ValueError(name)


def _check_values(data):
    """Refuse what is nested deeply, or cannot be stored, wherever it is."""
    waiting = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise CampaignFileError(_("The file is nested too deeply."))
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif isinstance(value, str) and not is_storable(value):
            raise CampaignFileError(_("The file has characters that cannot be stored."))


class _Reading:
    """One file that is read: each method returns a part of it, or refuses it."""

    def __init__(self):
        self.unknown = set()
        self.references = ()
        self.bytes = 0

    def file(self, data):
        self._know(data, "format", "version", "release", "references", "campaigns")
        self.references = tuple(self.many(data, "references", MOST_REFERENCES, self.reference))
        campaigns = tuple(self.many(data, "campaigns", MOST_CAMPAIGNS, self.campaign))
        if not campaigns:
            raise CampaignFileError(_("There is no campaign in the file."))
        return CampaignFile(self.references, campaigns, self.unknown)

    def reference(self, data):
        self._know(data, "model", "xmlid", "key", "name")
        model, xmlid = self.text(data, "model"), self.text(data, "xmlid", None)
        if not _MODEL.fullmatch(model) or (xmlid and not _XMLID.fullmatch(xmlid)):
            raise _wrong("references")
        return Reference(model, xmlid, self.text(data, "key", None), self.text(data, "name", None))

    def campaign(self, data):
        self._know(data, "target", "target_name", "values", "entries", "activities", "mailings", "actions", "files")
        if not _MODEL.fullmatch(target := self.text(data, "target")):
            raise _wrong("target")
        values = self.values(data)
        self.text(values, "name")
        files = tuple(self.many(data, "files", MOST_PARTS, self.attachment))
        campaign = Campaign(
            target=target,
            target_name=self.text(data, "target_name", target),
            values=values,
            entries=tuple(self.many(data, "entries", MOST_PARTS, self.line)),
            activities=_sort(self.many(data, "activities", MOST_STEPS, self.activity)),
            mailings=tuple(self.many(data, "mailings", MOST_STEPS, lambda part: self.mailing(part, len(files)))),
            actions=tuple(self.many(data, "actions", MOST_STEPS, self.action)),
            files=files,
        )
        for activity in campaign.activities:
            for name, parts in (("mailing", campaign.mailings), ("action", campaign.actions)):
                if (number := getattr(activity, name)) is not None and number >= len(parts):
                    raise _wrong(name)
        return campaign

    def line(self, data):
        self._know(data, "values")
        return self.values(data)

    def branch(self, data):
        values = self.line(data)
        self.text(values, "name")
        return values

    def activity(self, data):
        self._know(data, "key", "parent", "values", "branches", "mailing", "action")
        values = self.values(data)
        self.text(values, "name")
        return Part(
            key=self.text(data, "key"),
            parent=self.text(data, "parent", None),
            values=values,
            branches=tuple(self.many(data, "branches", MOST_PARTS, self.branch)),
            mailing=self.number(data, "mailing"),
            action=self.number(data, "action"),
        )

    def mailing(self, data, files):
        self._know(data, "values", "attachments")
        numbers = data.get("attachments", [])
        if not isinstance(numbers, list) or not all(_is_number(number, files) for number in numbers):
            raise _wrong("attachments")
        return Message(self.values(data), tuple(dict.fromkeys(numbers)))

    def action(self, data, depth=1):
        self._know(data, "values", "children", "record", "shipped", "withheld")
        if depth > DEEPEST_ACTION:
            raise CampaignFileError(_("The file is nested too deeply."))
        withheld = data.get("withheld", False)
        if not isinstance(withheld, bool):
            raise _wrong("withheld")
        record = self.number(data, "record", len(self.references))
        children = self.many(data, "children", MOST_PARTS, lambda part: self.action(part, depth + 1))
        return Action(self.values(data), tuple(children), record, self.text(data, "shipped", None), withheld)

    def attachment(self, data):
        self._know(data, "name", "mimetype", "content")
        name, content = self.text(data, "name"), data.get("content")
        if is_path(name):
            raise CampaignFileError(_("“%s” is no name of a file: it leads elsewhere.", name[:80]))
        if content is not None:
            try:
                content = base64.b64decode(content.encode("ascii"), validate=True)
            except (AttributeError, UnicodeEncodeError, binascii.Error) as error:
                raise CampaignFileError(_("The content of “%s” cannot be read.", name[:80])) from error
        return File(name, self.text(data, "mimetype", ""), content)

    # -- plain parts

    def many(self, data, key, most, read):
        """Yield the parts of a list, as a function reads each."""
        parts = data.get(key, [])
        if not isinstance(parts, list):
            raise _wrong(key)
        if len(parts) > most:
            raise CampaignFileError(_("The file has more than %(most)s “%(key)s”.", most=most, key=key))
        for part in parts:
            if not isinstance(part, dict):
                raise _wrong(key)
            yield read(part)

    def values(self, data):
        values = data.get("values", {})
        if not isinstance(values, dict) or not all(map(_FIELD.fullmatch, values)):
            raise _wrong("values")
        for value in values.values():
            self._check_references(value)
        return values

    def _check_references(self, value):
        """Refuse the name of a record that the file does not have."""
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            if is_link(part, "ref") and not _is_number(part["ref"], len(self.references)):
                raise _wrong("ref")

    def text(self, data, key, default=...):
        """Return a short text; it may be left out where there is a default."""
        value = data.get(key)
        if value is None and default is not ...:
            return default
        if not isinstance(value, str) or len(value) > LONGEST_NAME or (default is ... and not value.strip()):
            raise _wrong(key)
        return value

    def number(self, data, key, most=MOST_STEPS):
        value = data.get(key)
        if value is not None and not _is_number(value, most):
            raise _wrong(key)
        return value

    def _know(self, data, *keys):
        self.unknown |= {key[:80] for key in data if key not in keys}


def _wrong(key):
    return CampaignFileError(_("The file cannot be read: “%s” is not what belongs there.", key))


def _is_number(value, most):
    return type(value) is int and 0 <= value < most


def is_link(value, kind):
    """Tell whether a value is one of those that stand for something else: a ``ref``, a ``step``, a ``branch``."""
    return isinstance(value, dict) and list(value) == [kind]


def is_path(name):
    """Tell whether the name of a file leads to another folder."""
    return bool(re.search(r"[/\\\x00-\x1f]", name)) or name.strip() in ("", ".", "..")


def _sort(activities):
    """Return steps so that each comes after the one above it, else in their order.

    :raise CampaignFileError: where two have one key, or one is above itself
    """
    waiting, keys, done = list(activities), set(), []
    if len({activity.key for activity in waiting}) < len(waiting):
        raise _wrong("key")
    children = {}
    for activity in waiting:
        children.setdefault(activity.parent, []).append(activity)
    ready = list(children.get(None, ()))
    while ready:
        activity = ready.pop(0)
        done.append(activity)
        keys.add(activity.key)
        ready += children.get(activity.key, ())
    if len(done) < len(waiting):
        lost = next(activity for activity in waiting if activity.key not in keys)
        raise CampaignFileError(
            _("The step “%s” cannot be placed: what comes before it is missing, or follows it.", lost.values["name"])
        )
    return tuple(done)
