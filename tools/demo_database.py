"""The database of bin/run: made with our addons and Odoo's demo data, updated when the addons change."""

from . import addons
from .child import run_child
from .console import Problem, say, step
from .locks import exclusive
from .paths import DEV

EXTRA_MODULES = ["contacts"]  # a newcomer wants to see whom a campaign reaches
# Who run the demo's campaigns, by login, which is also the password; a marketer has no other right
MARKETER, MANAGER = "marketer", "manager"
OURS = "marketing_automation.group_marketing_automation_"
GROUPS = {MARKETER: [f"{OURS}user"], MANAGER: [f"{OURS}manager", "sales_team.group_sale_salesman_all_leads"]}
MAKING = "_making"  # a database's name until it is whole
FINGERPRINT = "marketing_automation.tools.fingerprint"  # of the addons as they were when installed


def prepare(space, name, demo, reset):
    """Make the database ready to be served.

    :param demo: whether a new database gets demo data
    :param reset: drop what is there first
    :raise Problem: when the database is somebody else's
    """
    with exclusive(DEV / "demo.lock", "waiting for another command that makes a database"):
        databases = space.databases
        exists = name in databases.names()
        if exists and not fingerprint(databases, name):
            raise Problem(f"the database {name} was not made by bin/run, which leaves it alone: choose another --db")
        if exists and reset:
            databases.drop(name)
            exists = False
        if not exists:
            _make(space, name, demo)
        elif fingerprint(databases, name) != addons.fingerprint():
            with step(f"Database {name}: the addons have changed, updating"):
                space.install(name, _modules(), "-u", ",".join(addons.names()))
                remember_fingerprint(databases, name)


def _make(space, name, demo):
    """Install everything under another name and rename at the end, so that what is there is whole."""
    databases = space.databases
    making = name + MAKING
    databases.drop(making)
    with step(f"Database {name}: installing {', '.join(_modules())}{' with demo data' if demo else ''}"):
        space.install(making, _modules(), "--with-demo" if demo else "--without-demo")
    if demo:
        with step("Demo: living six weeks"):
            run_child(space, making, "demo_history:live")
    remember_fingerprint(databases, making)
    databases.rename(making, name)


def _modules():
    return [*addons.names(), *EXTRA_MODULES]


def keep_mail_here(space, name):
    """Let no mail leave: without servers in the database, Odoo sends to that of its configuration, the mail catcher."""
    for table in ("ir_mail_server", "fetchmail_server"):
        found = space.databases.query(name, f"UPDATE {table} SET active = FALSE WHERE active RETURNING name")
        for (server,) in found:
            say(f"- {name}: mail server {server} switched off, the demo sends to the mail catcher only")


def set_base_url(space, name, url):
    """Make links in mails lead to this server, whatever address an administrator logs in by."""
    _set_parameter(space.databases, name, "web.base.url", url)
    _set_parameter(space.databases, name, "web.base.url.freeze", "True")


def fingerprint(databases, name):
    """:return: what the addons were when bin/run last put them into the database; None if it never did."""
    if not databases.query(name, "SELECT 1 FROM pg_class WHERE oid = to_regclass('ir_config_parameter')"):
        return None
    rows = databases.query(name, "SELECT value FROM ir_config_parameter WHERE key = %s", FINGERPRINT)
    return rows[0][0] if rows else None


def remember_fingerprint(databases, name):
    _set_parameter(databases, name, FINGERPRINT, addons.fingerprint())


def _set_parameter(databases, name, key, value):
    databases.query(
        name,
        "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
        " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
        key,
        value,
    )
