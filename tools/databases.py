"""Databases and their filestores: create, clone, rename, drop."""

import os
import shutil
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql

from .paths import ODOO_DATA

TRIES = 5  # PostgreSQL itself waits five seconds in each for the others to leave


class Databases:
    def __init__(self, server):
        self.server = server

    def names(self, prefix=""):
        """:return: the names of the databases that begin so."""
        return [name for (name,) in self._run("SELECT datname FROM pg_database") if name.startswith(prefix)]

    def create(self, name):
        """Make one with nothing in it."""
        self._run("CREATE DATABASE {} TEMPLATE template0", name)

    def clone(self, template, name):
        """Copy a database that nobody is connected to; the files of its attachments never change, so links will do."""
        for tries_left in reversed(range(TRIES)):
            try:
                self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
                break
            except psycopg2.errors.ObjectInUse:
                if not tries_left:
                    raise
        if filestore(template).exists():
            shutil.copytree(filestore(template), filestore(name), copy_function=os.link)

    def rename(self, name, new_name):
        self._run("ALTER DATABASE {} RENAME TO {}", name, new_name)
        if filestore(name).exists():
            filestore(name).rename(filestore(new_name))

    def drop(self, name):
        # Not WITH (FORCE), which fails over PostgreSQL's own autovacuum; without it PostgreSQL sees to that itself.
        # A server that still runs may connect anew between the two statements, hence the tries.
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user"
        for tries_left in reversed(range(TRIES)):
            self.query("postgres", ours, name)
            try:
                self._run("DROP DATABASE IF EXISTS {}", name)
                break
            except psycopg2.errors.ObjectInUse:
                if not tries_left:
                    raise
        shutil.rmtree(filestore(name), ignore_errors=True)

    @contextmanager
    def in_use(self, *names):
        """Tell other processes, while the block lasts, that these databases are needed."""
        connection = self.server.connect()
        try:
            with connection.cursor() as cursor:
                for name in names:
                    cursor.execute("SELECT pg_advisory_lock_shared(hashtext(%s))", [name])
            yield
        finally:
            connection.close()

    def drop_unused(self, prefix):
        """Drop the databases that begin so and that no process says it needs, such as those of a killed one."""
        for name in self.names(prefix):
            ((unused,),) = self.query("postgres", "SELECT pg_try_advisory_lock(hashtext(%s))", name)
            if unused:
                self.drop(name)

    def query(self, database, statement, *values):
        """Run one statement in a database.

        :return: its rows, if it gives any
        """
        return self._execute(database, statement, values)

    def _run(self, statement, *names):
        return self._execute("postgres", sql.SQL(statement).format(*map(sql.Identifier, names)), ())

    def _execute(self, database, statement, values):
        connection = self.server.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def filestore(name):
    return ODOO_DATA / "filestore" / name
