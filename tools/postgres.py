"""PostgreSQL: the user's own (PGHOST, PGPORT, PGUSER, PGPASSWORD), or one embedded in the project."""

import getpass
import os
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2

from .console import Problem
from .embedded_postgres import running_cluster

CONNECT_TIMEOUT = 5  # seconds


@dataclass(frozen=True)
class Server:
    host: str  # a name, or the folder of a socket
    port: str
    user: str
    password: str

    @classmethod
    def from_environment(cls):
        """:return: the server that libpq's variables name; user and port as libpq assumes them."""
        return cls(
            os.environ.get("PGHOST", "localhost"),
            os.environ.get("PGPORT", "5432"),
            os.environ.get("PGUSER") or getpass.getuser(),
            os.environ.get("PGPASSWORD", ""),
        )

    def connect(self, database="postgres"):
        """:return: a psycopg2 connection in autocommit mode."""
        connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password or None,
            dbname=database,
            connect_timeout=CONNECT_TIMEOUT,
        )
        connection.autocommit = True
        return connection

    def environment(self):
        """:return: libpq's variables, which Odoo and the PostgreSQL programs read too."""
        values = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user, "PGPASSWORD": self.password}
        return {key: value for key, value in values.items() if value}


@contextmanager
def postgres():
    """Give a Server that answers, for as long as the block lasts."""
    if "PGHOST" in os.environ or "PGPORT" in os.environ:
        yield _users_own()
    else:
        with running_cluster() as (folder, port, user):
            yield Server(str(folder), str(port), user, "")


def _users_own():
    server = Server.from_environment()
    where = f"PostgreSQL at {server.host}:{server.port}"
    if server.user == "postgres":
        raise Problem("Odoo refuses the database user postgres: set PGUSER to another one that may create databases")
    try:
        connection = server.connect()
    except psycopg2.OperationalError as error:
        raise Problem(f"{where} (PGHOST, PGPORT) does not answer: {str(error).strip().splitlines()[0]}") from error
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        (may_create,) = cursor.fetchone()
    connection.close()
    if not may_create:
        raise Problem(f"{where}: user {server.user} may not create databases (ALTER ROLE {server.user} CREATEDB)")
    return server
