"""Whom another system names by a webhook: read from JSON, and refused in words. Pure, without Odoo."""

import json
from dataclasses import dataclass

from .filter_text import is_storable

MOST = 1_000  # people of one call
LONGEST = {"email": 320, "name": 200, "key": 200}  # characters
MAX_ID = 2**31 - 1


class WebhookError(Exception):
    """A call that is refused.

    :param int status: of HTTP
    :param str reason: in words
    """

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Person:
    """Somebody who is to enter: by the id of a record or by an email address.

    :param str name: for a record that is made
    :param key: with the same one, a person enters once
    """

    id: int | None = None
    email: str | None = None
    name: str | None = None
    key: str | None = None


def read_people(body):
    """Return whom the body of a call names.

    :param bytes body: JSON
    :rtype: list[Person]
    :raise WebhookError: saying what is wrong with it
    """
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise WebhookError(400, "The body is nested too deeply.") from error
    except ValueError as error:  # no UTF-8, no JSON, a number of thousands of digits
        raise WebhookError(400, "The body is no JSON that can be read.") from error
    items = data if isinstance(data, list) else [data]
    if len(items) > MOST:
        raise WebhookError(413, f"At most {MOST} people by one call, not {len(items)}.")
    return [_read_person(number, item) for number, item in enumerate(items, 1)]


def _refuse_constant(name):
    raise ValueError(name)


def _read_person(number, item):
    def refuse(reason):
        raise WebhookError(400, f"Number {number}: {reason}")

    if not isinstance(item, dict):
        refuse('an object with "email" or "id" is needed.')
    person = {name: item[name] for name in ("id", "email", "name", "key") if item.get(name) is not None}
    if ("id" in person) == ("email" in person):
        refuse('either "email" or "id" is needed.')
    if "id" in person and (type(person["id"]) is not int or not 0 < person["id"] <= MAX_ID):
        refuse('"id" is the number of a record.')
    for name, longest in LONGEST.items():
        value = person.get(name, "")
        if not isinstance(value, str):
            refuse(f'"{name}" is a text.')
        if len(value) > longest:
            refuse(f'"{name}" has more than {longest} characters.')
        if not is_storable(value):
            refuse(f'"{name}" has characters that cannot be stored.')
    return Person(**person)
