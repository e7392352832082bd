"""What the commands say: progress of long steps, and what went wrong in one line."""

import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

from .paths import DEV, LOGS, ROOT
from .signals import Ended

HEARTBEAT = 10  # seconds between two signs of life of a long step


class Problem(Exception):
    """Something that the user has to know or to mend, said in one line."""


def say(message):
    print(message, flush=True)


@contextmanager
def step(title, watch=None):
    """Announce a step, give signs of life while it lasts and the seconds it took.

    :param watch: a folder whose growing size is shown, for downloads
    """
    say(f"- {title} ...")
    start = time.monotonic()
    done = threading.Event()

    def heartbeat():
        while not done.wait(HEARTBEAT):
            size = f", {folder_size(watch) / 1e6:.0f} MB" if watch else ""
            say(f"  ... {time.monotonic() - start:.0f} s{size}")

    thread = threading.Thread(target=heartbeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    say(f"  done in {time.monotonic() - start:.1f} s")


def folder_size(folder):
    """:return: bytes in all files below the folder; files and folders may vanish meanwhile."""
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def run_logged(name, command, **kwargs):
    """Run a program with its output in .dev/log/NAME.log.

    :raise Problem: with the line that tells why, when it fails
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    with log.open("wb") as output:
        code = subprocess.call(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **kwargs
        )
    if code:
        reason = telling_line(log.read_text(errors="replace"))
        raise Problem(f"{name} failed (exit code {code}): {reason} [whole output: {log.relative_to(ROOT)}]")


def telling_line(output):
    """:return: the last line that names an error, as apt, pip and Python write them; else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
    errors = [line for line in lines if re.match(r"(E|ERROR|error|fatal|[\w.]+(Error|Exception)):", line)]
    return (errors or lines)[-1]


def guarded(main, arguments):
    """Run a command's main function; what went wrong becomes one line and an exit code.

    :return: the exit code
    """
    try:
        return main(arguments) or 0
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr, flush=True)
        return 1
    except PermissionError as error:
        print(
            f"error: {error.filename}: permission denied. Was {DEV} made by another user? Remove it as that user.",
            file=sys.stderr,
            flush=True,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    except Ended as ended:
        return ended.exit_code
