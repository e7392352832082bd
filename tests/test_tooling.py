"""The commands of bin/, run as a user runs them."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from odoo.tools import file_path

from tools import debian, demo_database
from tools.browser import running_browser
from tools.chromium import ROBOTO
from tools.commands import fresh_machine, odoo_suites
from tools.databases import Databases
from tools.forked import end_origin, forked
from tools.paths import ROOT
from tools.ports import LOOPBACK, free_port
from tools.postgres import Server
from tools.test_databases import RUN

ENOUGH = 60  # seconds


@pytest.fixture
def databases():
    return Databases(Server.from_environment())


@pytest.fixture
def database(databases):
    """A name for a database, which is dropped after the test."""
    name = f"{RUN}{os.getpid()}_tooling"
    with databases.in_use(name):
        yield name
        databases.drop(name)


def complaint(command, *arguments, **environment):
    """:return: what a command that fails says on stderr."""
    result = subprocess.run(
        [ROOT / "bin" / command, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ENOUGH,
    )
    assert result.returncode == 1, result
    return result.stderr


def assert_one_line(text, *words):
    assert text.startswith("error: ") and text.count("\n") == 1, text
    for word in words:
        assert word in text


def test_wrong_odoo_home_is_said_in_one_line(tmp_path):
    assert_one_line(complaint("odoo", "--version", ODOO_HOME=str(tmp_path)), "ODOO_HOME", str(tmp_path), "no Odoo")


def test_another_version_of_odoo_is_said_in_one_line(tmp_path):
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo/release.py").write_text("version_info = (18, 0, 'final', 0, 0, '')\n")
    assert_one_line(complaint("odoo", "--version", ODOO_HOME=str(tmp_path)), "18.0", "19.0")


def test_postgresql_that_does_not_answer_is_said_in_one_line():
    port = str(free_port())
    text = complaint("odoo", "--version", PGHOST=LOOPBACK, PGPORT=port, PGUSER="odoo")
    assert_one_line(text, f"{LOOPBACK}:{port}", "does not answer")


def test_odoo_refuses_the_superuser_and_we_say_so_first():
    assert_one_line(complaint("odoo", "--version", PGUSER="postgres"), "PGUSER")


def test_occupied_port_is_said_in_one_line():
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(complaint("run", "--port", port), port, "--port")


def test_a_name_that_postgresql_would_cut_is_refused():
    result = subprocess.run([ROOT / "bin/run", "--db", "x" * 64], capture_output=True, text=True, timeout=ENOUGH)
    assert result.returncode == 2
    assert "longer than" in result.stderr.splitlines()[-1]


def test_run_leaves_the_databases_of_others_alone(databases, database):
    databases.clone("template1", database)
    text = complaint("run", "--port", str(free_port()), "--db", database, "--reset")
    assert_one_line(text, database)
    assert database in databases.names()


def test_run_serves_and_ends_everything_it_started(databases, database):
    databases.clone(os.environ["TEST_TEMPLATE"], database)
    demo_database.remember_fingerprint(databases, database)
    databases.query(
        database,
        "INSERT INTO ir_mail_server (name, smtp_host, smtp_authentication, smtp_encryption, active)"
        " VALUES ('Out', 'mail.example.com', 'login', 'none', TRUE)",
    )
    port = free_port()
    with running("--port", str(port), "--db", database) as (process, addresses):
        assert addresses["Odoo"] == f"http://{LOOPBACK}:{port}"
        for url in (addresses["Odoo"] + "/web/login", addresses["Mail catcher"]):
            assert urllib.request.urlopen(url, timeout=ENOUGH).status == 200
        assert not databases.query(database, "SELECT 1 FROM ir_mail_server WHERE active")
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2  # Odoo and the mail catcher
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENOUGH) == 128 + signal.SIGTERM
        _gone, alive = psutil.wait_procs(children, timeout=1)
        assert not alive


@contextmanager
def running(*options):
    """Start bin/run and wait until it says that it is ready.

    Gives its Popen and the addresses it printed, by name.
    """
    process = subprocess.Popen([ROOT / "bin/run", *options], stdout=subprocess.PIPE, text=True)
    line, lines = "", []
    try:
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        assert "Ctrl-C" in line, "".join(lines)
        yield process, dict(re.findall(r"^  (\S.*?) {2,}(http\S+)", "".join(lines), re.MULTILINE))
    finally:
        process.terminate()
        process.wait(ENOUGH)


@pytest.mark.parametrize("options", [[], ["-p", "tools.pytest_side_by_side", "--numprocesses=1"]])
def test_a_skipped_test_fails_the_run(options, tmp_path):
    (tmp_path / "test_skip.py").write_text("import pytest\ndef test_lazy():\n    pytest.skip('no mood')\n")
    command = [sys.executable, "-m", "pytest", "-p", "tools.pytest_no_skips", "-p", "no:odoo", *options, "test_skip.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=ENOUGH)
    assert result.returncode == 1
    assert "no mood" in result.stdout and "1 failed" in result.stdout


def test_a_database_that_somebody_needs_is_not_dropped(databases, database):
    databases.clone("template1", database)
    databases.drop_unused(database)
    assert database in databases.names()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "sources.list",
            "# a comment\ndeb-src ARCHIVE bookworm main\ndeb [arch=amd64] ARCHIVE bookworm main contrib\n",
        ),
        (
            "sources.list.d/debian.sources",
            "# a comment\nTypes: deb\nURIs: ARCHIVE-security\nSuites: bookworm-security\nComponents: main\n\n"
            "Types: deb\n# another\nURIs: ARCHIVE\nSuites: bookworm\n bookworm-updates\nComponents: main\n",
        ),
    ],
)
def test_the_archive_is_read_from_the_machines_own_sources(name, text, tmp_path, monkeypatch):
    uri = "http://mirror.example/debian"
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text.replace("ARCHIVE", uri))
    monkeypatch.setattr(debian, "APT_FOLDER", tmp_path)
    assert debian.machine_archive() == uri


def test_a_fresh_machine_gets_what_the_readme_asks_for():
    packages = fresh_machine.readme_packages((ROOT / "README.md").read_text())
    assert packages == ["git", "python3", "python3-venv", "ca-certificates"]


LOG = """\
2026-11-23 16:03:00,100 77 INFO run odoo.addons.test_mail.tests.test_a.TestA: Starting TestA.test_good ...
2022-06-14 10:00:00,000 77 INFO run odoo.addons.test_mail.tests.test_a: Starting TestA.test_bad ...
2022-06-14 10:00:00,000 77 INFO run odoo.addons.test_mail.tests.test_a: ======================================
2022-06-14 10:00:00,000 77 ERROR run odoo.addons.test_mail.tests.test_a: FAIL: TestA.test_bad
Traceback (most recent call last):
  File "/odoo/addons/test_mail/tests/test_a.py", line 3, in test_bad
AssertionError: 3 != 2 : marketing_automation counts
2026-11-23 16:03:01,000 77 INFO run odoo.addons.mail.tests.test_b: Starting TestB.test_many ...
2026-11-23 16:03:01,100 77 ERROR run odoo.addons.mail.tests.test_b: ERROR: Subtest TestB.test_many (model='res.partner')
KeyError: 'x'
2026-11-23 16:03:01,100 77 ERROR run odoo.addons.mail.tests.test_b: ERROR: Subtest TestB.test_many (model='res.partner')
KeyError: 'y'
2026-11-23 16:03:01,200 77 INFO run odoo.addons.mail.tests.test_b: Starting TestB.test_lazy ...
2026-11-23 16:03:01,200 77 INFO run odoo.addons.mail.tests.test_b: skipped TestB.test_lazy : no mood
2026-11-23 16:03:02,000 77 ERROR run odoo.tests.suite: ERROR: setUpClass (odoo.addons.mail.tests.test_c.TestC)
2026-11-23 16:03:03,000 77 WARNING run odoo.addons.mail.tests.test_d: 12 modules without a comment
"""
END = "2026-11-23 16:03:10,000 77 ERROR run odoo.tests.shell: Tests failed: 1 failed, 3 error(s) of 4 tests\n"


def test_what_odoo_says_of_its_tests_is_understood():
    outcome = odoo_suites.parse(LOG + END)
    assert outcome.finished
    assert outcome.seconds == 10
    assert outcome.ran == {"/test_mail:TestA.test_good", "/test_mail:TestA.test_bad", "/mail:TestB.test_many"}
    assert outcome.skipped == {"/mail:TestB.test_lazy"}
    assert outcome.failures.keys() == {
        "/test_mail:TestA.test_bad",
        "/mail:TestB.test_many (model='res.partner')",
        "/mail:TestB.test_many (model='res.partner') #2",
        "setUpClass (odoo.addons.mail.tests.test_c.TestC)",
    }
    assert outcome.logged == {
        "odoo.addons.mail.tests.test_d: 0 modules without a comment": "12 modules without a comment"
    }
    assert outcome.failures["/test_mail:TestA.test_bad"].endswith("marketing_automation counts")


def test_a_run_of_odoos_tests_that_breaks_off_is_noticed():
    whole, broken = odoo_suites.parse(LOG + END), odoo_suites.parse(LOG)
    assert "broke off" in odoo_suites.complain("mail", whole, broken)[0]
    none = odoo_suites.parse(END)
    assert "no test ran" in odoo_suites.complain("mail", none, none)[0]


def test_only_what_our_addons_make_worse_counts():
    bad = odoo_suites.parse(LOG + END)
    good = odoo_suites.parse(
        re.sub("ERROR run|WARNING run", "INFO run", LOG).replace("FAIL:", "").replace("ERROR:", "") + END
    )
    other = odoo_suites.parse(LOG.replace("marketing_automation counts", "somebody counts") + END)
    fewer = odoo_suites.parse(LOG.replace("Starting TestB.test_many", "") + END)
    assert not odoo_suites.new_failures(bad, bad) and not odoo_suites.complain("mail", bad, bad)
    assert not odoo_suites.new_failures(bad, good)
    assert odoo_suites.new_failures(good, bad).keys() == {*bad.failures, *bad.logged}
    about_us = {"/test_mail:TestA.test_bad": ["AssertionError: 3 != 2 : marketing_automation counts"]}
    assert odoo_suites.new_failures(other, bad) == about_us
    assert "/mail:TestB.test_many" in odoo_suites.complain("mail", bad, fewer)[0]


def test_what_is_accepted_of_a_failure_is_accepted_as_it_is_only():
    ((name, end),) = odoo_suites.ACCEPTED.items()
    good = odoo_suites.parse(LOG + END)
    accepted = replace(good, failures={**good.failures, name: f"AssertionError: index them\n{end}"})
    more = replace(good, failures={**good.failures, name: f"AssertionError: index them\n{end}\none.more"})
    assert not odoo_suites.new_failures(good, accepted)
    assert odoo_suites.new_failures(good, more).keys() == {name}


@pytest.mark.parametrize("family", ["Roboto", "sans-serif"])
def test_pages_are_written_in_the_font_that_users_see(tmp_path, family):
    """Whatever fonts the machine has: a text is as wide as in Odoo's own file of that font."""
    font = base64.b64encode(Path(file_path(f"{ROBOTO}/Roboto-Regular.ttf")).read_bytes()).decode()
    measure = """
    (async () => {
        document.fonts.add(await new FontFace("Known", "url(data:font/ttf;base64,%s)").load());
        const context = document.createElement("canvas").getContext("2d");
        return JSON.stringify(["Known", "%s"].map((family) => {
            context.font = `32px ${family}`;
            return context.measureText("The workflow has been modified").width;
        }));
    })()
    """
    with running_browser(tmp_path / "browser") as browser:
        browser.open("data:text/html,<p>Fonts</p>")
        browser.wait_for("p")
        known, width = json.loads(browser.evaluate(measure % (font, family)))
    assert width == known


def test_no_process_is_left_that_odoo_would_wait_for():
    """Odoo ends all children of its tests after each class, and waits ten seconds for one that takes no SIGTERM."""
    end_origin()
    others = set(psutil.Process().children())
    with forked(["-m", "this"], stdout=subprocess.DEVNULL):
        assert set(psutil.Process().children()) - others
    end_origin()
    assert set(psutil.Process().children()) <= others
