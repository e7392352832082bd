from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

from odoo.addons.marketing_automation.models.privacy.marketing_participant import hash_sql


def migrate(cr, version):
    """Give each campaign a salt of its own, and keep hashes of the values by which participants are unique."""
    cr.execute("UPDATE marketing_campaign SET unicity_salt = replace(gen_random_uuid()::text, '-', '')")
    cr.execute(
        SQL(
            """
            UPDATE marketing_participant p SET unicity_key = %s
              FROM marketing_campaign c
             WHERE c.id = p.campaign_id AND p.unicity_key IS NOT NULL
            """,
            hash_sql(SQL("c.unicity_salt"), SQL("p.unicity_key")),
        )
    )
    _forget_deleted(api.Environment(cr, SUPERUSER_ID, {}))


def _forget_deleted(env):
    """Forget those whose records were deleted before."""
    env.cr.execute("SELECT DISTINCT model_name FROM marketing_participant")
    for [model_name] in env.cr.fetchall():
        if model_name not in env or not env[model_name]._auto:
            continue
        env.cr.execute(
            SQL(
                """SELECT p.id FROM marketing_participant p
                    WHERE p.model_name = %s AND NOT EXISTS (SELECT 1 FROM %s r WHERE r.id = p.res_id)""",
                model_name,
                SQL.identifier(env[model_name]._table),
            )
        )
        env["marketing.participant"].browse(row[0] for row in env.cr.fetchall())._forget()
