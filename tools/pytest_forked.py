"""A pytest plugin: no class of tests leaves the processes of forked.py behind, for which Odoo would wait."""

import pytest

from .forked import end_origin


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item, nextitem):
    """Before the cleanup of a class, which begins with the teardown of its last test."""
    if item.cls and item.cls is not getattr(nextitem, "cls", None):
        end_origin()
