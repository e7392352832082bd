"""bin/bench: measure the engine beside Odoo's own means, and say whether it is as good as it must be."""

import argparse
import json
import sys
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

from .. import addons
from ..bench import builds, report
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
    other = builds.check_out(options.against) if options.against else None
    digests = [addons.fingerprint(), *([addons.fingerprint(other)] if other else ())]
    folder = RESULTS / "-".join([*digests, *(["quick"] if options.quick else ())])
    if options.quick or options.again:
        for row, size in chosen(rows, options):
            result_path(folder, row, size).unlink(missing_ok=True)
    with workspace() as space:
        results = list(measure_all(space, rows, folder, options, other))
        about = report.machine(space)
    report.print_table(results)
    report.explain(rows, results)
    if other:
        say(f"\nOurs: this checkout. Beside: commit {other.name[:12]}, in turn. The ratio is ours to beside.")
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
    parser.add_argument("--runs", metavar="N", type=int, help=f"of each measure; by default {RUNS}")
    parser.add_argument("--against", metavar="COMMIT", help="measure the addons of this commit in turn with ours")
    parser.add_argument("--json", metavar="FILE", type=Path, help="where all numbers go")
    options = parser.parse_args(arguments)
    unknown = set(options.only or ()) - {row.key for row in ROWS}
    if unknown:
        raise Problem(f"there is no row {', '.join(sorted(unknown))}")
    return options


def measure_all(space, rows, folder, options, other=None):
    """Yield the results of all rows and sizes; what the folder has is not measured again.

    :param other: the folder of another build, which is measured in turn with ours
    """
    folder.mkdir(parents=True, exist_ok=True)
    spaces = [space, *([space.with_addons_of(other)] if other else ())]
    states = [BenchDatabases(each, beside=spaces) for each in spaces]
    for row, size in chosen(rows, options):
        path = result_path(folder, row, size)
        if not path.exists():
            runs = options.runs or (QUICK_RUNS if options.quick else RUNS)
            path.write_text(json.dumps(measure(states, row, size, options.quick, runs)))
        yield json.loads(path.read_text())


def chosen(rows, options):
    """Yield the rows with those of their sizes that are asked for."""
    for row in rows:
        for size in row.quick if options.quick else row.sizes:
            if not options.sizes or size in options.sizes:
                yield row, size


def result_path(folder, row, size):
    return folder / f"{row.key}-{size}.json"


def measure(states, row, size, quick, runs):
    """Measure one row at one size: one build, or two in turn.

    :param list states: the BenchDatabases of each build
    """
    for databases in states:
        databases.prepare(row.contacts(size), row.finished)
    parameters = {"size": size, **row.parameters(size, quick)}
    with step(f"{row.key}, {size:,}"):
        if len(states) == 1:
            lines = run(states[0], row, runs=runs, **parameters)
        else:
            measures = [partial(run, databases, row, runs=1, **parameters) for databases in states]
            lines = builds.in_turn(measures, runs)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    return {"row": row.key, "size": size, "runs": runs, "measured": moment, "lines": lines}


def run(databases, row, size, **arguments):
    """Run a measure of one build in a database of its own.

    :return: its lines
    """

    def clone():
        return databases.clone(row.contacts(size), row.finished)

    if row.hosted:
        module, name = row.measure.split(":")
        return getattr(import_module(f"tools.bench.{module}"), name)(databases.space, clone, size=size, **arguments)
    with clone() as database:
        return run_child(databases.space, database, f"bench.{row.measure}", size=size, **arguments)


if __name__ == "__main__":
    raise_on_end()
    sys.exit(guarded(main, sys.argv[1:]))
