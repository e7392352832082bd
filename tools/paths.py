"""Where things lie. Everything that is fetched or made is under one folder that git ignores."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV = ROOT / ".dev"
LOGS = DEV / "log"
ODOO_CONF = DEV / "odoo.conf"
ODOO_DATA = DEV / "odoo-data"
