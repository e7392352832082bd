from odoo import SUPERUSER_ID, api

from odoo.addons.marketing_automation.upgrade_digests import renew_action_digests


def migrate(cr, version):
    # at the end: addons that are loaded later have fields of server actions
    renew_action_digests(api.Environment(cr, SUPERUSER_ID, {}))
