"""A whole Odoo in a process of its own: real cron threads, real commits, on a database cloned for it."""

import itertools
import json
import os
import sys
import urllib.request
from contextlib import ExitStack, contextmanager

from tools.databases import Databases
from tools.forked import forked
from tools.paths import ODOO_CONF
from tools.ports import LOOPBACK, free_port, wait_for_page
from tools.postgres import Server
from tools.processes import background
from tools.test_databases import RUN

LOGIN = PASSWORD = "admin"
MARKETER = "marketer"  # also the password
MARKETER_GROUP = "marketing_automation.group_marketing_automation_user"
ODOOS = ["__system__", "admin", "default", "portaltemplate", "public"]  # Odoo's own accounts
RIGHTS = """
    SELECT u.login, d.module || '.' || d.name FROM res_users u JOIN res_groups_users_rel r ON r.uid = u.id
      JOIN ir_model_data d ON d.model = 'res.groups' AND d.res_id = r.gid WHERE u.login != ALL(%s)
"""
TIMEOUT = 120  # seconds for one call
counter = itertools.count(1)


class RpcError(Exception):
    """What the server answered instead of a result; the text is what the user would read."""


class RealOdoo:
    """A server on `database`; `process` is its Popen, or Forked, while it runs.

    :param is_stock: whether Odoo is started as everywhere, and has seen none of our addons, nor any other, before
    """

    def __init__(self, database, smtp_port, log, is_stock=False):
        self.database = database
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.process = None
        self._uids = {}
        self._smtp_port = smtp_port
        self._log = log
        self._is_stock = is_stock
        self._running = ExitStack()

    def start(self, *options):
        """Start the process and wait until it serves pages; options are Odoo's own."""
        command = [
            *("-m", "odoo", "-c", str(ODOO_CONF), *postgres_options(), "-d", self.database),
            *("--db-filter", f"^{self.database}$", "--http-port", str(self.port)),
            *("--smtp", LOOPBACK, "--smtp-port", str(self._smtp_port), *options),
        ]
        output = self._running.enter_context(self._log.open("ab"))
        run, command = (background, [sys.executable, *command]) if self._is_stock else (forked, command)
        self.process = self._running.enter_context(run(command, stdout=output, stderr=output))
        assert wait_for_page(self.port, "/web/login", self.process), self.log()

    @contextmanager
    def beside(self):
        """Give another server on this database, as on a second host; not started, and stopped at the end."""
        other = RealOdoo(self.database, self._smtp_port, self._log.with_suffix(".other.log"), self._is_stock)
        try:
            yield other
        finally:
            other.stop()

    def stop(self):
        """End it as an administrator would (SIGTERM); its database stays."""
        self._running.close()

    def kill(self):
        """End it without warning (SIGKILL); its database stays, and start() may follow."""
        self.process.kill()
        self.process.wait()
        self._running.close()

    def log(self):
        return self._log.read_text(errors="replace")

    def rpc(self, model, method, *args, **kwargs):
        """Call a model's method as the administrator, over HTTP.

        :raise RpcError: when the server refuses
        """
        return self.call_as(LOGIN, model, method, *args, **kwargs)

    def marketer(self, model, method, *args, **kwargs):
        """Call a model's method as a user who has the group of marketers and no other right; made upon the first call.

        :raise RpcError: when the server refuses
        """
        if MARKETER not in self._uids and not self.rpc("res.users", "search", [("login", "=", MARKETER)]):
            self.make_user(MARKETER, "Mara Marketer", MARKETER_GROUP)
        return self.call_as(MARKETER, model, method, *args, **kwargs)

    def make_user(self, login, name, *groups):
        """Make a user who has these groups, what they imply, and no other right; the login is the password too."""
        values = {"name": name, "email": f"{name.split()[0].lower()}@company.example.com"}
        values |= {"login": login, "password": login, "group_ids": [(6, 0, [*map(self.ref, groups)])]}
        self.rpc("res.users", "create", values, context={"no_reset_password": True})  # and no mail about it

    def call_as(self, login, model, method, *args, **kwargs):
        """Call a model's method as a user whose login is the password too.

        :raise RpcError: when the server refuses
        """
        if login not in self._uids:
            self._uids[login] = self._call("common", "login", self.database, login, login)
        uid = self._uids[login]
        return self._call("object", "execute_kw", self.database, uid, login, model, method, args, kwargs)

    def ref(self, xmlid):
        """:return: the id of the record with an external id"""
        statement = "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s"
        [[number]] = self.query(statement, *xmlid.split("."))
        return number

    def query(self, statement, *values):
        """Run one SQL statement in a transaction of its own.

        :return: its rows, if it gives any
        """
        return Databases(Server.from_environment()).query(self.database, statement, *values)

    def _call(self, service, method, *args):
        body = {"jsonrpc": "2.0", "method": "call", "params": {"service": service, "method": method, "args": args}}
        request = urllib.request.Request(
            f"{self.url}/jsonrpc", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RpcError(answer["error"]["data"]["message"])
        return answer.get("result")


def postgres_options():
    """:return: Odoo's options for the PostgreSQL that the environment names, which its configuration need not."""
    server = Server.from_environment()
    return ["--db_host", server.host, "--db_port", server.port, "--db_user", server.user]


def clone_template(databases, name):
    databases.clone(os.environ["TEST_TEMPLATE"], name)


@contextmanager
def real_odoo(smtp_port, folder, make=clone_template, options=(), is_stock=False):
    """Give a RealOdoo that runs on a database of its own, and take both away at the end.

    :param smtp_port: where on this machine it sends its mail to
    :param folder: where its log goes
    :param make: a function that makes the database; by default a clone of the test template
    :param options: Odoo's own, for its first start
    :param is_stock: see RealOdoo
    """
    databases = Databases(Server.from_environment())
    database = f"{RUN}{os.getpid()}_{next(counter)}"
    with databases.in_use(database):
        make(databases, database)
        server = RealOdoo(database, smtp_port, folder / f"{database}.log", is_stock)
        # the tests open and click as soon as a mail has come, and are no machines
        parameters = {"marketing_automation.machine_doubt": "0"}
        parameters |= {"web.base.url": server.url, "web.base.url.freeze": "True"}
        for key, value in parameters.items():
            databases.query(
                database,
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
                " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
                key,
                value,
            )
        try:
            server.start(*options)
            yield server
            _check_accounts(databases, database)
        finally:
            server.stop()
            databases.drop(database)


def _check_accounts(databases, database):
    """Compare what the accounts of a server may do with what they are said to have."""
    from odoo.addons.marketing_automation.tests.accounts import ACCOUNTS, EMPLOYEE  # once Odoo knows its addons

    for login, group in databases.query(database, RIGHTS, ODOOS):
        assert group in ACCOUNTS.get(login, set()) | {EMPLOYEE}, f"{login} has {group}"
