"""Two builds in turn: this checkout beside the addons of a commit, on the same Odoo and the same PostgreSQL.

Both are measured by the tools of this checkout. Each turn is an Odoo process of its own on a fresh database; who goes
first changes from turn to turn, so that what else the machine does meets both.
"""

import io
import shutil
import subprocess
import tarfile

from ..console import Problem, step
from ..paths import DEV, ROOT
from .lines import line

BUILDS = DEV / "builds"


def check_out(commit):
    """Return the folder with the files of a commit, which are written where they are missing.

    :param str commit: any name that git knows it by
    :raise Problem: when git knows no such commit
    """
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if found.returncode:
        raise Problem(f"git knows no commit {commit} in {ROOT}")
    folder = BUILDS / found.stdout.decode().strip()
    if not folder.is_dir():
        with step(f"Addons of {commit}"):
            archive = _git("archive", "--format=tar", folder.name)
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
                files.extractall(making, filter="data")
            making.rename(folder)
    return folder


def in_turn(measures, runs):
    """Call the measures of two builds in turn, A B, B A, ….

    :param measures: two functions that give the lines of one run
    :return: the lines that both have, with the numbers of the first beside those of the second
    """
    results = [], []
    for run in range(runs):
        for side in (0, 1) if run % 2 == 0 else (1, 0):
            results[side].append({each["name"]: each for each in measures[side]()})
    ours, theirs = results
    return [
        _beside([lines[name] for lines in ours], [lines[name] for lines in theirs])
        for name in ours[0]
        if all(name in lines for lines in theirs)
    ]


def _beside(ours, theirs):
    """Return a line of both builds. What both are compared with otherwise, such as Odoo's own means, is a note."""
    notes = {f"{name}, then": value for name, value in theirs[-1]["notes"].items()}
    for what, lines in (("now", ours), ("then", theirs)):
        if lines[-1]["other"]:
            notes[f"what it is beside otherwise, {what}"] = lines[-1]["other"][-1]
    return line(
        ours[0]["name"],
        ours[0]["unit"],
        [each["ours"][0] for each in ours],
        [each["ours"][0] for each in theirs],
        notes={**ours[-1]["notes"], **notes},
    )


def _git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)
