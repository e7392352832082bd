"""An engine in a process of its own, for tests of concurrency: executes what is due, then ends.

    python tests/engine_process.py CONFIG DATABASE

It says "ready" when the registry is loaded, and begins upon a line on its standard input, so that
several begin at once.
"""

import sys

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(conf, database):
    config.parse_config(["-c", conf, "-d", database, "--log-level", "warn"], setup_logging=True)
    registry = Registry(database)
    print("ready", flush=True)
    sys.stdin.readline()
    with registry.cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        env["marketing.campaign"].search([("state", "=", "running")]).execute_activities()


if __name__ == "__main__":
    main(*sys.argv[1:3])
