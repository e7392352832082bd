"""One line of the table: numbers of ours, those of what it is compared with, and what it should be."""

from statistics import median


def line(name, unit, ours, other=None, target=None, notes=None):
    """Return a line, ready for JSON.

    :param list ours: the number of each run
    :param list other: those of what it is compared with, in the same order
    :param dict target: see at_least() and at_most()
    :param dict notes: further numbers, by their names
    """
    ratios = [mine / theirs for mine, theirs in zip(ours, other, strict=True)] if other else None
    return {
        "name": name,
        "unit": unit,
        "ours": ours,
        "other": other,
        "ratios": ratios,
        "target": target,
        "notes": notes or {},
    }


def at_least(what, limit):
    """:param str what: "ours", "ratio" (ours to the other), or the name of a note"""
    return {"what": what, "at_least": limit}


def at_most(what, limit):
    return {"what": what, "at_most": limit}


def is_met(values):
    """:return: whether a line meets its target by its median; None where it has none"""
    target = values["target"]
    if not target:
        return None
    found = {"ours": values["ours"], "ratio": values["ratios"]}.get(target["what"])
    number = median(found) if found else values["notes"][target["what"]]
    if "at_least" in target:
        return number >= target["at_least"]
    return number <= target["at_most"]
