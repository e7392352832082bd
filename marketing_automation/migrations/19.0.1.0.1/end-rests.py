from odoo import SUPERUSER_ID, api

from odoo.addons.marketing_automation.upgrade_rests import keep_what_campaigns_rest_on


def migrate(cr, version):
    # at the end: addons that are loaded later have fields in what a campaign rests on
    keep_what_campaigns_rest_on(api.Environment(cr, SUPERUSER_ID, {}))
