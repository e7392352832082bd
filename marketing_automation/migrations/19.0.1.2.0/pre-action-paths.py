"""Actions from before add nobody to a campaign: their path is empty, and nothing of them is computed anew."""

from odoo.tools import sql


def migrate(cr, version):
    if not sql.column_exists(cr, "ir_act_server", "marketing_path"):
        sql.create_column(cr, "ir_act_server", "marketing_path", "varchar")
