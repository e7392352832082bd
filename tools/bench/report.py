"""The table on the screen, and the same with every number as JSON."""

import os
import platform
from statistics import median

from ..console import say
from .lines import is_met

HEADER = ("what", "size", "unit", "ours", "beside", "ratio (lowest to highest)", "target", "")


def print_table(results):
    """:param list results: dicts of row, size and lines, in the order of the table"""
    rows = [HEADER, *(_cells(result, line) for result in results for line in result["lines"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    for position, row in enumerate(rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if not position:
            say("  ".join("-" * width for width in widths))


def explain(rows, results):
    """Say what each row means, and its further numbers."""
    for row in rows:
        say(f"\n{row.key}: {row.explanation}")
        for result in results:
            for line in result["lines"] if result["row"] == row.key else ():
                notes = ", ".join(f"{name} {_number(value)}" for name, value in line["notes"].items())
                if notes:
                    say(f"  {line['name']}, {result['size']:,}: {notes}")


def machine(space):
    """:return: what the numbers were measured on"""
    ((version,),) = space.databases.query("postgres", "SHOW server_version")
    with open("/proc/cpuinfo") as cpuinfo:
        models = [line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processors": f"{os.cpu_count()} × {models[0] if models else platform.machine()}",
        "memory": f"{memory:.0f} GB",
        "Python": platform.python_version(),
        "PostgreSQL": version,
    }


def _cells(result, line):
    ratio = ""
    if line["ratios"]:
        low, high = min(line["ratios"]), max(line["ratios"])
        ratio = f"{median(line['ratios']):.2f} ({low:.2f} to {high:.2f})"
    return (
        line["name"],
        f"{result['size']:,}",
        line["unit"],
        _spread(line["ours"]),
        _spread(line["other"]) if line["other"] else "",
        ratio,
        _target(line["target"]),
        {True: "met", False: "MISSED", None: ""}[is_met(line)],
    )


def _spread(values):
    if len(values) == 1:
        return _number(values[0])
    return f"{_number(median(values))} ({_number(min(values))} to {_number(max(values))})"


def _target(target):
    if not target:
        return ""
    sign, limit = ("≥", target["at_least"]) if "at_least" in target else ("≤", target["at_most"])
    return f"{target['what']} {sign} {limit:,}"


def _number(value):
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
