from odoo import SUPERUSER_ID, api

from odoo.addons.marketing_automation.upgrade_links import mark_queued_links, set_confirm_urls


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    set_confirm_urls(env)
    mark_queued_links(env)
