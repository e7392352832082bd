#!/bin/sh
# multiprocessing, psutil: "terminate the children and wait for them" waits in full, once a process was spawned.
#
# Guess: children that are terminated are gone in milliseconds; who has none of his own left has none to wait for.
# Seen (Python's multiprocessing of 3.11, psutil 7.1.3): the first process of the start methods "spawn" and "forkserver"
# brings a resource tracker along, a direct child that takes no SIGTERM and stays when that process has long ended.
# psutil.wait_procs waits for it for as long as it may; only closing its pipe, or SIGKILL, ends it.
# This matters to tests of Odoo addons: Odoo 19 (odoo/tests/common.py, BaseCase.setUpClass) terminates all children after
# each class and waits up to ten seconds. One test that spawns a process makes every later class ten seconds longer.
# Fails if the behaviour changes. Runs on Debian 12, as any user.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "psutil==7.1.3"
cat >classes.py <<'PYTHON'
import multiprocessing
import sys
import time

import psutil

PATIENCE = 3  # seconds, in place of Odoo's ten


def end_children():
    begin = time.monotonic()
    children = psutil.Process().children()
    for child in children:
        child.terminate()
    _gone, alive = psutil.wait_procs(children, timeout=PATIENCE)
    return len(children), len(alive), time.monotonic() - begin


if __name__ == "__main__":
    print(sys.version.split()[0], "psutil", psutil.__version__)
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=time.time)
        process.start()
        process.join()
        for attempt in (1, 2):
            found, left, seconds = end_children()
            print(f"{method}, class {attempt}: {found} children, {left} left after {seconds:.1f} s")
            waits = method == "spawn"
            assert (found, left, seconds >= PATIENCE) == ((1, 1, True) if waits else (0, 0, False)), "it has changed"
PYTHON
venv/bin/python classes.py
echo "as described"
