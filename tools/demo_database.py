"""The database of bin/run: made with our addons and Odoo's demo data, updated when the addons change."""

from . import addons
from .console import say, step

EXTRA_MODULES = ["contacts"]  # a newcomer wants to see whom a campaign reaches
FINGERPRINT = "marketing_automation.tools.fingerprint"  # of the addons as they were when installed


def prepare(space, name, demo, reset):
    """Make the database ready to be served.

    :param demo: whether a new database gets demo data
    :param reset: drop what is there first
    """
    databases = space.databases
    if reset:
        databases.drop(name)
    modules = [*addons.names(), *EXTRA_MODULES]
    if name not in databases.names():
        making = f"{name}_making"
        databases.drop(making)
        with step(f"Database {name}: installing {', '.join(modules)}{' with demo data' if demo else ''}"):
            space.install(making, modules, "--with-demo" if demo else "--without-demo")
            _remember_fingerprint(databases, making)
            databases.rename(making, name)
    elif _fingerprint(databases, name) != addons.fingerprint():
        with step(f"Database {name}: the addons have changed, updating"):
            space.install(name, modules, "-u", ",".join(addons.names()))
            _remember_fingerprint(databases, name)


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


def _fingerprint(databases, name):
    rows = databases.query(name, "SELECT value FROM ir_config_parameter WHERE key = %s", FINGERPRINT)
    return rows[0][0] if rows else None


def _remember_fingerprint(databases, name):
    _set_parameter(databases, name, FINGERPRINT, addons.fingerprint())


def _set_parameter(databases, name, key, value):
    databases.query(
        name,
        "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
        " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
        key,
        value,
    )
