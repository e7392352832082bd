from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["marketing.campaign"].with_context(active_test=False).search([])._rename_utm_campaigns()
