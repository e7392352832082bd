"""Loads Odoo and the addons of the tests' template, at import: in the process from which forked.py forks."""

import os

from odoo.cli import server  # noqa: F401 with all that a server needs
from odoo.modules.module import Manifest, load_openerp_module
from odoo.tools import config

from .databases import Databases
from .paths import ODOO_CONF
from .postgres import Server

INSTALLED = "SELECT name FROM ir_module_module WHERE state = 'installed' ORDER BY name"


def _load(name):
    """Load an addon after those that it depends on, as Odoo does."""
    for needed in Manifest.for_addon(name)["depends"] if name != "base" else ():
        _load(needed)
    load_openerp_module(name)


config.parse_config(["-c", str(ODOO_CONF)], setup_logging=False)  # where the addons are
for (_name,) in Databases(Server.from_environment()).query(os.environ["TEST_TEMPLATE"], INSTALLED):
    _load(_name)
