"""bin/bench: measure the engine beside Odoo's own means, and say whether it is as good as it must be."""

import argparse
import json
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from .. import addons
from ..bench import report
from ..bench.databases import BenchDatabases
from ..bench.rows import ROWS
from ..child import run_child
from ..console import Problem, guarded, say, step
from ..paths import DEV
from ..signals import raise_on_end
from ..workspace import workspace

RESULTS = DEV / "bench"
RUNS, QUICK_RUNS = 3, 2


def main(arguments):
    options = parse(arguments)
    rows = [row for row in ROWS if not options.only or row.key in options.only]
    folder = RESULTS / (f"{addons.fingerprint()}-quick" if options.quick else addons.fingerprint())
    if options.quick or options.again:
        for row, size in chosen(rows, options):
            result_path(folder, row, size).unlink(missing_ok=True)
    with workspace() as space:
        results = list(measure_all(space, rows, folder, options))
        about = report.machine(space)
    report.print_table(results)
    report.explain(rows, results)
    say(f"\nMeasured on {', '.join(about.values())}. Absolute numbers drift with the machine, ratios much less.")
    path = options.json or folder / "results.json"
    path.write_text(json.dumps({"machine": about, "results": results}, indent=1))
    say(f"All numbers: {path}")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="Measure the engine beside Odoo's own means. A run that was interrupted goes on where it was.",
    )
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, anew each time; some minutes")
    parser.add_argument("--only", metavar="ROW", action="append", help=f"one of {', '.join(row.key for row in ROWS)}")
    parser.add_argument("--sizes", metavar="N", type=int, nargs="+", help="only these sizes of each row")
    parser.add_argument("--again", action="store_true", help="measure anew what was measured already")
    parser.add_argument("--json", metavar="FILE", type=Path, help="where all numbers go")
    options = parser.parse_args(arguments)
    unknown = set(options.only or ()) - {row.key for row in ROWS}
    if unknown:
        raise Problem(f"there is no row {', '.join(sorted(unknown))}")
    return options


def measure_all(space, rows, folder, options):
    """Yield the results of all rows and sizes; what the folder has is not measured again."""
    folder.mkdir(parents=True, exist_ok=True)
    databases = BenchDatabases(space)
    for row, size in chosen(rows, options):
        path = result_path(folder, row, size)
        if not path.exists():
            path.write_text(json.dumps(measure(space, databases, row, size, options.quick)))
        yield json.loads(path.read_text())


def chosen(rows, options):
    """Yield the rows with those of their sizes that are asked for."""
    for row in rows:
        for size in row.quick if options.quick else row.sizes:
            if not options.sizes or size in options.sizes:
                yield row, size


def result_path(folder, row, size):
    return folder / f"{row.key}-{size}.json"


def measure(space, databases, row, size, quick):
    """Measure one row at one size, in a database of its own."""
    arguments = {"size": size, "runs": QUICK_RUNS if quick else RUNS, **row.parameters(size, quick)}
    contacts = row.contacts(size)
    databases.prepare(contacts, row.finished)

    def clone():
        return databases.clone(contacts, row.finished)

    with step(f"{row.key}, {size:,}"):
        if row.hosted:
            module, name = row.measure.split(":")
            lines = getattr(import_module(f"tools.bench.{module}"), name)(space, clone, **arguments)
        else:
            with clone() as database:
                lines = run_child(space, database, f"bench.{row.measure}", **arguments)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    return {"row": row.key, "size": size, "runs": arguments["runs"], "measured": moment, "lines": lines}


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
