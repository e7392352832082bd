"""Child processes: one that has the terminal, or one in the background that ends with us."""

import shutil
import subprocess
from contextlib import contextmanager

from .signals import Ended, undisturbed

PATIENCE = 15  # seconds between the request to end and the kill


def foreground(command, **kwargs):
    """Run a program that shares our terminal, and so gets Ctrl-C from it too; pass on what only we got.

    :return: its exit code
    """
    process = subprocess.Popen(command, **kwargs)
    while True:
        try:
            code = process.wait()
        except Ended as ended:
            process.send_signal(ended.signum)
        else:
            return code if code >= 0 else 128 - code


@contextmanager
def background(command, **kwargs):
    """Run a program in a session of its own while the block lasts; give its Popen."""
    if shutil.which("setpriv"):  # should we be killed, the kernel ends it
        command = ["setpriv", "--pdeathsig", "TERM", *command]
    process = subprocess.Popen(command, start_new_session=True, **{"stdin": subprocess.DEVNULL, **kwargs})
    try:
        yield process
    finally:
        with undisturbed():
            end(process)


def end(process):
    """Ask a process to end, and kill it when it does not."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
