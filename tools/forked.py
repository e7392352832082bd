"""Odoo's processes as forks of one that has loaded Odoo and the addons: each begins in half a second, not in three.

That one has no thread and no connection. Each runs what `python …` would run, in a session of its own, with the
environment of whoever starts it; it is ended, or killed, like any other process.
"""

import ctypes
import os
import runpy
import signal
import subprocess
import sys
from contextlib import contextmanager
from multiprocessing import forkserver, get_context, reduction, resource_tracker
from pathlib import Path

from .processes import end
from .signals import undisturbed

PR_SET_PDEATHSIG = 1
STREAMS = ("stdin", "stdout", "stderr")
context = get_context("forkserver")
context.set_forkserver_preload(["tools.preloaded_odoo"])


class Forked:
    """A process, used like a Popen."""

    def __init__(self, command, stdin=subprocess.DEVNULL, stdout=None, stderr=None):
        """Start what follows `python` on a command line: -m and a module, or a script; and their arguments.

        :param stdin, stdout, stderr: as Popen takes them; pipes are texts
        """
        self.stdin = self.stdout = self.stderr = None
        given = [self._open(*stream) for stream in zip(STREAMS, (stdin, stdout, stderr), strict=True)]
        handles = [stream if stream is None else _Handle(stream.fileno()) for stream in given]
        arguments = [[*map(str, command)], dict(os.environ), handles]
        self._process = context.Process(target=_run, args=arguments, daemon=True)
        self._process.start()
        self.pid = self._process.pid
        for stream, ours in zip(given, (stdin, stdout, stderr), strict=True):
            if ours in (subprocess.PIPE, subprocess.DEVNULL):
                stream.close()

    def _open(self, name, stream):
        """:return: the file that the process gets"""
        if stream == subprocess.DEVNULL:
            return open(os.devnull, "r+b", buffering=0)
        if stream == subprocess.PIPE:
            read, write = os.pipe()
            theirs, ours = (read, write) if name == "stdin" else (write, read)
            setattr(self, name, os.fdopen(ours, "w" if name == "stdin" else "r"))
            return os.fdopen(theirs, "rb" if name == "stdin" else "wb", buffering=0)
        return stream

    @property
    def returncode(self):
        return self.poll()

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self.poll()

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self._process.terminate()

    def kill(self):
        self._process.kill()


def end_origin():
    """End the process that has loaded Odoo, and what multiprocessing has beside it; the next Forked begins them anew.

    Odoo's tests end all children of theirs after each class, and wait: for multiprocessing's resource tracker, which
    no SIGTERM ends, ten seconds each time.
    """
    origin = forkserver._forkserver
    if origin._forkserver_pid is not None:
        os.kill(origin._forkserver_pid, signal.SIGTERM)
        os.waitpid(origin._forkserver_pid, 0)
        os.close(origin._forkserver_alive_fd)
        origin._forkserver_pid = origin._forkserver_address = origin._forkserver_alive_fd = None
    resource_tracker._resource_tracker._stop()


class _Handle:
    """A file, as it is handed on to the process that is forked."""

    def __init__(self, number):
        self._number = number

    def __reduce__(self):
        return _detach, (reduction.DupFd(self._number),)


def _detach(handle):
    return handle.detach()


@contextmanager
def forked(command, **streams):
    """Run a command, as Forked takes it, while the block lasts."""
    process = Forked(command, **streams)
    try:
        yield process
    finally:
        with undisturbed():
            end(process)


def _run(command, environment, handles):
    """Be the process."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # should our parent be killed
    os.environ.clear()
    os.environ.update(environment)
    for number, handle in enumerate(handles):
        if handle is not None:
            os.dup2(handle, number)
            os.close(handle)
    sys.stdin = os.fdopen(0, closefd=False)
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path.insert(0, str(Path(command[0]).parent))
        runpy.run_path(command[0], run_name="__main__")
