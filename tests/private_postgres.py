"""A PostgreSQL of a test's own, which it may restart without disturbing others; durable, as an installation's is."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

from tools.databases import Databases
from tools.embedded_postgres import PORT, USER, Cluster
from tools.postgres import Server
from tools.postgres_home import make_private, postgres_home

DURABLE = "synchronous_commit = on\n"  # which the project's own cluster, for speed, is not


@dataclass(frozen=True)
class PrivatePostgres:
    cluster: Cluster

    def environment(self):
        """:return: libpq's variables that lead to it."""
        return {"PGHOST": str(self.cluster.socket_folder), "PGPORT": str(PORT), "PGUSER": USER, "PGPASSWORD": ""}

    def copy(self, origin, database):
        """Take over a database of another Server, under its name."""
        own = Server(str(self.cluster.socket_folder), str(PORT), USER, "")
        Databases(own).create(database)
        dump = [self.cluster.programs / "pg_dump", "--no-owner", "--no-privileges", database]
        load = [self.cluster.programs / "psql", "--quiet", "--set", "ON_ERROR_STOP=1", "-o", os.devnull, database]
        with subprocess.Popen(dump, env=os.environ | origin.environment(), stdout=subprocess.PIPE) as dumped:
            subprocess.run(load, env=os.environ | self.environment(), stdin=dumped.stdout, check=True)
        assert not dumped.returncode


@contextmanager
def private_postgres():
    """Give a PrivatePostgres that runs while the block lasts, and has nothing in it yet."""
    home, programs = postgres_home()
    own = home / f"private-{os.getpid()}"
    make_private(own)
    cluster = Cluster(own, programs, DURABLE)
    try:
        cluster.create()
        cluster.start()
        try:
            yield PrivatePostgres(cluster)
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(own, ignore_errors=True)
