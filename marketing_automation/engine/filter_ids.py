"""The ids of records in the text of a filter: named for another database, and put back there.

The text is not executed, and what is no id stays as it is written: dates, brackets, spaces.
"""

import ast
import re

from .filter_text import OPERATORS, parse_filter

PLACE = re.compile(r"ref_(\d{1,6})")
SUBDOMAIN = ("any", "not any")


def name_ids(text, model, find_model, name_id):
    """Return a filter's text with a name in place of each id of a record.

    :param str text: as the domain editor writes it
    :param str model: of the filter
    :param find_model: a function of a model and a path of fields; gives the model whose ids are compared, or None
    :param name_id: a function of a model and an id; gives the number of its name
    :raise ValueError: where the text cannot be read
    """
    places = []

    def look(node, holder):
        condition = _read_condition(node)
        if not condition:
            for child in ast.iter_child_nodes(node):
                look(child, holder)
            return
        path, operator, value = condition
        linked = find_model(holder, path)
        if operator in SUBDOMAIN and linked:
            look(value, linked)
        elif linked:
            for constant in ast.walk(value):
                if isinstance(constant, ast.Constant) and type(constant.value) is int and constant.value > 0:
                    places.append((constant, f"ref_{name_id(linked, constant.value)}"))

    try:
        look(parse_filter(text), model)
    except RecursionError as error:
        raise ValueError(text[:80]) from error
    return _write(text, places)


def put_ids(text, get_id):
    """Return a filter's text with an id in place of each name of a record.

    :param str text: as :func:`name_ids` gives it
    :param get_id: a function of the number of a name; gives an id
    :raise ValueError: where the text cannot be read
    """
    places = [
        (node, str(get_id(int(found[1]))))
        for node in ast.walk(parse_filter(text))
        if isinstance(node, ast.Name) and (found := PLACE.fullmatch(node.id))
    ]
    return _write(text, places)


def _read_condition(node):
    """Return path, operator and value of a condition, or None for what is none."""
    if not isinstance(node, ast.Tuple | ast.List) or len(node.elts) != 3:
        return None
    path, operator, value = node.elts
    texts = [part.value for part in (path, operator) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if len(texts) < 2 or texts[0] in OPERATORS:
        return None
    return *texts, value


def _write(text, places):
    """Return a text with others in the places of some of its nodes."""
    lines = text.strip().encode().splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))] if places else []
    written = text.strip().encode()
    spans = [
        (starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset, new)
        for node, new in places
    ]
    for start, end, new in sorted(spans, reverse=True):
        written = written[:start] + new.encode() + written[end:]
    return written.decode()
