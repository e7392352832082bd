from odoo import SUPERUSER_ID, api

from odoo.addons.marketing_automation.upgrade_links import part_shared_sources


def migrate(cr, version):
    part_shared_sources(api.Environment(cr, SUPERUSER_ID, {}))
