"""Fixtures for the tests with nothing mocked: whole Odoo servers and a real SMTP server."""

import os
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from private_postgres import private_postgres
from real_odoo import real_odoo
from sms_sink import running_sms_sink
from smtp_sink import running_sink

from tools import demo_database
from tools.postgres import Server
from tools.test_databases import RUN
from tools.workspace import workspace


@pytest.fixture(scope="session")
def lived_demo():
    """A database as bin/run makes it, which takes minutes: made once, for all tests.

    :return: (Workspace, name, moment at which it was ready)
    """
    name = f"{RUN}{os.getpid()}_demo"
    with workspace() as space, space.databases.in_use(name, name + demo_database.MAKING):
        demo_database.prepare(space, name, demo=True, reset=False)
        yield space, name, datetime.now(UTC)
        space.databases.drop(name)


@pytest.fixture
def smtp_sink():
    """A SmtpSink that runs for the test."""
    with running_sink() as sink:
        yield sink


@pytest.fixture
def odoo_server_factory(smtp_sink, tmp_path):
    """A function that starts a RealOdoo with the test's addons, a database of its own and the sink as mail server."""
    with ExitStack() as servers:
        yield lambda: servers.enter_context(real_odoo(smtp_sink.port, tmp_path))


@pytest.fixture
def odoo_server(odoo_server_factory):
    """One RealOdoo."""
    return odoo_server_factory()


@pytest.fixture(scope="module")
def read_server(tmp_path_factory):
    """One RealOdoo for the tests of a file, which only read."""
    with running_sink() as sink, real_odoo(sink.port, tmp_path_factory.mktemp("read")) as server:
        yield server


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """A RealOdoo for the tests of a file, and a Walk through it, logged in: each test makes what it looks at."""
    from test_ten_minutes import WIDTHS, walking  # itself a file of tests, which names fixtures of this one

    folder = tmp_path_factory.mktemp("visited")
    with (
        running_sink() as sink,
        real_odoo(sink.port, folder) as server,
        walking(server, folder, WIDTHS[0]) as walk,
    ):
        yield server, walk


@pytest.fixture
def visit(visited, request, tmp_path):
    """The Walk of `visited` anew from the home page, at the width that the test names (indirect parameter)."""
    server, walk = visited
    walk.begin_again(f"{server.url}/odoo", request.param, tmp_path / "pictures")
    return walk


@pytest.fixture
def sms_sink():
    """A SmsSink that runs for the test."""
    with running_sms_sink() as sink:
        yield sink


@pytest.fixture
def own_postgres(monkeypatch):
    """A PrivatePostgres with the test's template, on which its servers run."""
    with private_postgres() as postgres:
        postgres.copy(Server.from_environment(), os.environ["TEST_TEMPLATE"])
        for name, value in postgres.environment().items():
            monkeypatch.setenv(name, value)
        yield postgres


@pytest.fixture
def quiet_server(smtp_sink, tmp_path):
    """A RealOdoo that runs no scheduled action by itself."""
    with real_odoo(smtp_sink.port, tmp_path, options=("--max-cron-threads=0",)) as server:
        yield server


@pytest.fixture
def company(quiet_server, sms_sink):
    """A quiet server whose messages reach the sinks."""
    quiet_server.rpc("ir.config_parameter", "set_param", "sms.endpoint", sms_sink.url)
    quiet_server.rpc("res.users", "write", [2], {"email": "admin@company.example.com"})
    return quiet_server


@pytest.fixture
def other_worker(server):
    """A transaction on the server's database that holds what it has locked until the test ends it."""
    connection = Server.from_environment().connect(server.database)
    connection.autocommit = False
    yield connection
    connection.close()
