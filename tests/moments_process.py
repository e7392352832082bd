"""An engine in a process of its own that enrols and executes as of the moments that it is told: no test waits for them.

    python tests/moments_process.py CONFIG DATABASE

It says "ready" when the registry is loaded. For each line on its standard input, a moment (ISO, UTC), it does what the
scheduled actions would do then, and says "done".
"""

import sys
from datetime import datetime

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(conf, database):
    config.parse_config(["-c", conf, "-d", database, "--log-level", "warn"], setup_logging=True)
    registry = Registry(database)
    print("ready", flush=True)
    for line in sys.stdin:
        registry = registry.check_signaling()
        moment = datetime.fromisoformat(line.strip())
        with registry.cursor() as cr:
            campaigns = api.Environment(cr, api.SUPERUSER_ID, {})["marketing.campaign"].search([])
            campaigns = campaigns.filtered(lambda campaign: campaign.state == "running")
            campaigns.sync_participants(moment)
            campaigns.execute_activities(moment)
        print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
