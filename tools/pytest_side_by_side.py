"""A pytest plugin: the tests in several processes of pytest-xdist, each with a database of its own, file by file.

pytest-odoo would clone one for each process, but names it in Odoo's configuration as Odoo 19 does not understand.
"""

import os

import pytest
from xdist.scheduler import LoadFileScheduling

from .test_databases import DATABASES

TOGETHER = {"tests/test_screens.py": "tests/test_demo.py"}  # both look at a demo that takes minutes to live


class ByFile(LoadFileScheduling):
    """Gives a process one file after the other, and to the same one what belongs together."""

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return TOGETHER.get(file, file)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    """Name the process's database, before pytest-odoo has Odoo read its configuration."""
    if worker := os.environ.pop("PYTEST_XDIST_WORKER", None):
        config.option.odoo_database = os.environ[DATABASES].split(",")[int(worker.removeprefix("gw"))]
    return (yield)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)
