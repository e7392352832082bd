"""bin/bench: what it measures exists, what it says of a target is so, and it goes on where it was."""

import subprocess
from importlib import import_module

import pytest

from tools.bench import builds
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

    def measure(_states, row, size, _quick, _runs):
        measured.append((row.key, size))
        return {"row": row.key, "size": size, "lines": []}

    monkeypatch.setattr(bench, "measure", measure)
    monkeypatch.setattr(bench, "BenchDatabases", lambda _space, beside: None)
    idle = [row for row in ROWS if row.key == "idle"]
    some = bench.parse(["--sizes", "10000"])
    assert [result["size"] for result in bench.measure_all(None, idle, tmp_path, some)] == [10_000]
    everything = bench.parse([])
    assert [result["size"] for result in bench.measure_all(None, idle, tmp_path, everything)] == list(idle[0].sizes)
    assert measured == [("idle", size) for size in idle[0].sizes]


def test_a_row_that_is_not_there_is_said():
    with pytest.raises(Problem, match="there is no row speed"):
        bench.parse(["--only", "speed"])


def test_two_builds_are_measured_in_turn():
    order, numbers = [], iter((2, 1, 3, 9))

    def of(build):
        def measure():
            order.append(build)
            own = [line(build, "ms", [0])]
            return [*own, line("sent", "per second", [next(numbers)], [5], notes={"queries": build})]

        return measure

    [sent] = builds.in_turn([of("new"), of("old")], runs=2)
    assert order == ["new", "old", "old", "new"]
    assert (sent["ours"], sent["other"], sent["ratios"]) == ([2, 9], [1, 3], [2, 3])
    assert sent["notes"] == {
        "queries": "new",
        "queries, then": "old",
        "what it is beside otherwise, now": 5,
        "what it is beside otherwise, then": 5,
    }


def test_the_files_of_a_commit_are_written_beside(monkeypatch, tmp_path):
    monkeypatch.setattr(builds, "ROOT", tmp_path / "checkout")
    monkeypatch.setattr(builds, "BUILDS", tmp_path / "builds")

    def git(*arguments):
        identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
        subprocess.run(["git", "-C", builds.ROOT, *identity, *arguments], check=True, capture_output=True)

    builds.ROOT.mkdir()
    git("init")
    (builds.ROOT / "speed").write_text("slow")
    git("add", "speed")
    git("commit", "--no-gpg-sign", "-m", "Slow")
    git("tag", "then")
    (builds.ROOT / "speed").write_text("fast")
    assert (builds.check_out("then") / "speed").read_text() == "slow"
    assert builds.check_out("HEAD") == builds.check_out("then")
    with pytest.raises(Problem, match="no commit --all"):
        builds.check_out("--all")
