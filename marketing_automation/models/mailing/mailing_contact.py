from odoo import models
from odoo.tools import SQL

EVERYBODY = SQL("TRUE")


class MailingContact(models.Model):
    _inherit = "mailing.contact"

    def _filter_opted_out(self, list_ids=()):
        """Return those who have opted out of what a campaign sends.

        :param list list_ids: the mailing lists that its filter names. Who is in some of them has opted out when they
            have opted out of all those they are in; for the others, all their lists count.
        """
        if not self:
            return self
        self.env["mailing.subscription"].flush_model(["contact_id", "list_id", "opt_out"])
        opted_out = self._get_opted_out_sql(list_ids, SQL("contact_id = ANY(%s)", self.ids))
        return self.browse(row[0] for row in self.env.execute_query(opted_out))

    def _get_opted_out_sql(self, list_ids, condition=EVERYBODY):
        """Return the query of the contacts who have opted out: see :meth:`_filter_opted_out`."""
        return SQL(
            """
            SELECT contact_id FROM mailing_subscription WHERE %s GROUP BY contact_id
            HAVING COALESCE(bool_and(COALESCE(opt_out, FALSE)) FILTER (WHERE list_id = ANY(%s)),
                            bool_and(COALESCE(opt_out, FALSE)))
            """,
            condition,
            list(list_ids),
        )
