"""A pytest plugin: a skipped test fails, since a test that silently does not run proves nothing.

Browser tests skip themselves where Chromium does not start, HTTP tests where no server runs.
"""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _unskipped((yield))


def _unskipped(report):
    if report.skipped and not hasattr(report, "wasxfail"):
        _path, _line, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Skipped tests fail the run. {reason}"
    return report
