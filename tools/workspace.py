"""An Odoo that can be run: its source, a PostgreSQL that answers, and a configuration that names both."""

import configparser
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from . import addons
from .console import run_logged
from .databases import Databases
from .mail_catcher import SMTP_PORT
from .odoo_source import OdooSource, odoo_source
from .paths import ODOO_CONF, ODOO_DATA, ROOT
from .ports import LOOPBACK
from .postgres import Server, postgres

TWO_WORDS = {"i18n"}  # Odoo's commands whose options come after a second word


@contextmanager
def workspace():
    """Set up what is missing and give a Workspace."""
    source = odoo_source()
    with postgres() as server:
        space = Workspace(source, server)
        space.write_configuration()
        yield space


@dataclass(frozen=True)
class Workspace:
    source: OdooSource
    server: Server
    root: Path = ROOT  # of the addons
    configuration: Path = ODOO_CONF

    def with_addons_of(self, root):
        """:return: the same Odoo and PostgreSQL with the addons of another build, and a configuration of its own"""
        space = replace(self, root=root, configuration=root.with_suffix(".conf"))
        space.write_configuration()
        return space

    @property
    def databases(self):
        return Databases(self.server)

    def environment(self):
        """:return: the environment of Odoo's processes: ours, free of what would redirect Odoo elsewhere."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "ODOO_"))}
        if "ODOO_HOME" in os.environ:  # for the tests of the commands themselves
            kept["ODOO_HOME"] = str(self.source.home)
        return {**kept, **self.server.environment(), "PYTHONPATH": f"{self.source.home}{os.pathsep}{ROOT}"}

    def odoo_command(self, *arguments):
        """:return: the command line of Odoo; a subcommand such as shell, or i18n loadlang, stays before the options."""
        words = 0
        if arguments and not arguments[0].startswith("-"):
            words = 2 if arguments[0] in TWO_WORDS and len(arguments) > 1 else 1
        subcommand, arguments = arguments[:words], arguments[words:]
        return [sys.executable, "-m", "odoo", *subcommand, "-c", str(self.configuration), *arguments]

    def install(self, database, modules, *options):
        """Install or update modules without serving anything.

        :param options: more of Odoo's options, -u among them
        :raise Problem: with the line of Odoo's log that tells why
        """
        install = ["-i", ",".join(modules)] if modules else []
        command = self.odoo_command(
            "-d", database, *install, "--stop-after-init", "--no-http", "--max-cron-threads=0", *options
        )
        run_logged(f"odoo-{database}", command, env=self.environment())

    def write_configuration(self):
        conf = configparser.RawConfigParser()
        # Odoo refuses a folder without any addon.
        addons_paths = [*self.source.addons_paths, *([self.root] if addons.addons(self.root) else [])]
        if self.root == ROOT and addons.test_addons():
            addons_paths.append(addons.TEST_ADDONS)
        conf["options"] = {
            "addons_path": ",".join(map(str, addons_paths)),
            "data_dir": ODOO_DATA,
            "db_host": self.server.host,
            "db_port": self.server.port,
            "db_user": self.server.user,
            "db_password": self.server.password or "False",
            "http_interface": LOOPBACK,
            "max_cron_threads": 2,
            "limit_time_cpu": 600,  # seconds
            "limit_time_real": 1200,  # seconds
            # Mail goes to the catcher of bin/run, or nowhere.
            "smtp_server": LOOPBACK,
            "smtp_port": SMTP_PORT,
        }
        making = self.configuration.with_suffix(f".{os.getpid()}")
        making.touch(mode=0o600)
        with making.open("w") as output:
            conf.write(output)
        making.rename(self.configuration)
