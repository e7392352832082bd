from odoo import SUPERUSER_ID, api

from odoo.addons.marketing_automation.upgrade import stop_suspect_campaigns


def migrate(cr, version):
    stop_suspect_campaigns(api.Environment(cr, SUPERUSER_ID, {}))
