"""Who has opted out, whichever of the contacts with their address is asked for."""

from odoo import models
from odoo.tools import SQL

EVERYBODY = SQL("TRUE")


class MailingContact(models.Model):
    _inherit = "mailing.contact"

    _marketing_address = models.Index("(email_normalized) WHERE email_normalized IS NOT NULL")

    def _filter_opted_out(self, list_ids=()):
        """Return those who have opted out of what a campaign sends.

        Contacts with one address are one person: a list that one of them has left counts as left.

        :param list list_ids: the mailing lists that its filter names. Who is in some of them has opted out when they
            have left all of those they are in; for the others, all their lists count.
        """
        if not self:
            return self
        self.env["mailing.subscription"].flush_model(["contact_id", "list_id", "opt_out"])
        self.flush_model(["email_normalized"])
        own = SQL(
            "c.id = ANY(%(ids)s) OR c.email_normalized IN"
            " (SELECT email_normalized FROM mailing_contact WHERE id = ANY(%(ids)s))",
            ids=self.ids,
        )
        opted_out = {contact_id for (contact_id,) in self.env.execute_query(self._get_opted_out_sql(list_ids, own))}
        return self.filtered(lambda contact: contact.id in opted_out)

    def _get_opted_out_sql(self, list_ids, condition=EVERYBODY):
        """Return the query of the contacts who have opted out: see :meth:`_filter_opted_out`.

        :param list list_ids: ids of mailing lists
        :param SQL condition: of the contacts, ``c``; all with one address, or none
        """
        return SQL(
            """
            SELECT c.id FROM mailing_contact c
             WHERE (%(condition)s) AND COALESCE(c.email_normalized, c.id::text) IN (
                   SELECT person
                     FROM (SELECT COALESCE(c.email_normalized, c.id::text) AS person, s.list_id,
                                  bool_or(COALESCE(s.opt_out, FALSE)) AS has_left
                             FROM mailing_contact c JOIN mailing_subscription s ON s.contact_id = c.id
                            WHERE %(condition)s GROUP BY person, s.list_id) AS of_lists
                 GROUP BY person
                   HAVING COALESCE(bool_and(has_left) FILTER (WHERE list_id = ANY(%(lists)s)), bool_and(has_left)))
            """,
            condition=condition,
            lists=list(list_ids),
        )

    def _with_same_address(self):
        """Return these contacts and all others with one of their addresses."""
        addresses = [address for address in self.mapped("email_normalized") if address]
        return self | self.search([("email_normalized", "in", addresses)])
