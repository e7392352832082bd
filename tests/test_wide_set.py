"""The main story in a database with what people have beside the app: Odoo's wide set of apps, made once and cloned."""

import os
import subprocess
import sys

import pytest
from modules import installed
from real_odoo import clone_template, postgres_options, real_odoo
from test_real_campaign import tell_story

from tools.databases import Databases
from tools.paths import ODOO_CONF
from tools.postgres import Server
from tools.test_databases import RUN

APPS = ("calendar", "event", "hr_recruitment", "survey", "website", "website_sale")


@pytest.fixture(scope="module")
def wide_template():
    """A function that makes a database with the apps, as `real_odoo` takes it."""
    databases = Databases(Server.from_environment())
    template = f"{RUN}{os.getpid()}_wide"
    command = [sys.executable, "-m", "odoo", "-c", str(ODOO_CONF), *postgres_options(), "-d", template]
    options = ["-i", ",".join(APPS), "--stop-after-init", "--no-http", "--max-cron-threads=0"]
    with databases.in_use(template):
        clone_template(databases, template)
        try:
            subprocess.run([*command, *options], check=True, capture_output=True)
            yield lambda databases, name: databases.clone(template, name)
        finally:
            databases.drop(template)


@pytest.fixture
def wide(wide_template, smtp_sink, tmp_path):
    """A RealOdoo with the apps, whose scheduled actions run."""
    with real_odoo(smtp_sink.port, tmp_path, wide_template) as server:
        yield server


def test_story(wide, smtp_sink):
    assert installed(wide, *APPS) == list(APPS)
    tell_story(wide, smtp_sink)
