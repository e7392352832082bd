"""bin/bench: what it measures exists, what it says of a target is so, and it goes on where it was."""

from importlib import import_module

import pytest

from tools.bench.lines import at_least, at_most, is_met, line
from tools.bench.rows import ROWS
from tools.commands import bench
from tools.console import Problem


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_each_row_has_its_measure(row):
    module, name = row.measure.split(":")
    assert callable(getattr(import_module(f"tools.bench.{module}"), name))
    assert max(row.quick) <= max(row.sizes)


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (None, None),
        (at_least("ratio", 2), True),
        (at_least("ratio", 2.1), False),
        (at_most("ours", 20), True),
        (at_most("ours", 19), False),
        (at_most("ms added", 5), True),
        (at_most("ms added", 4), False),
    ],
)
def test_a_target_is_met_by_the_median(target, met):
    values = line("name", "unit", [10, 20, 90], [5, 10, 15], target, {"ms added": 5})
    assert is_met(values) is met


def test_what_was_measured_is_not_measured_again(monkeypatch, tmp_path):
    measured = []

    def measure(_space, _databases, row, size, _quick):
        measured.append((row.key, size))
        return {"row": row.key, "size": size, "lines": []}

    monkeypatch.setattr(bench, "measure", measure)
    monkeypatch.setattr(bench, "BenchDatabases", lambda _space: None)
    idle = [row for row in ROWS if row.key == "idle"]
    some = bench.parse(["--sizes", "10000"])
    assert [result["size"] for result in bench.measure_all(None, idle, tmp_path, some)] == [10_000]
    everything = bench.parse([])
    assert [result["size"] for result in bench.measure_all(None, idle, tmp_path, everything)] == list(idle[0].sizes)
    assert measured == [("idle", size) for size in idle[0].sizes]


def test_a_row_that_is_not_there_is_said():
    with pytest.raises(Problem, match="there is no row speed"):
        bench.parse(["--only", "speed"])
