"""Fixtures for the tests with nothing mocked: whole Odoo servers and a real SMTP server."""

from contextlib import ExitStack

import pytest
from real_odoo import real_odoo
from smtp_sink import running_sink


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
