"""Which mails of campaigns somebody has in hand: a queue, a lane, or whoever sends them by a button.

A claim is an advisory lock of the database session, so that it ends with the process. It keeps two lanes from doing the
same work; that a mail is sent once is held by its row (see ``queue.py`` and ``together.py``). Only who has claimed a
mail marks it as on its way (see ``handover.py``): a mark without a claim is that of somebody who has died.
"""

from contextlib import suppress

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from ...engine.context import queue_rounds

LOCK = 0x4D4153  # first key of the advisory locks; the second one is the mail


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _claim(self):
        """Return those of these mails that nobody else has in hand; these rounds have them until they let them go."""
        claimed = queue_rounds(self.env).claimed
        new = self.filtered(lambda mail: mail.id not in claimed)
        claimed.update(new._claim_free())
        return self.filtered(lambda mail: mail.id in claimed)

    @api.model
    def _let_go(self):
        """Let go of the mails of these rounds that no mail server owes an answer about."""
        rounds = queue_rounds(self.env)
        done = rounds.claimed - {aside.mail_id for aside in rounds.get_aside()}
        rounds.claimed -= done
        self._release_claims(done)

    @api.model
    def _release_all(self):
        rounds = queue_rounds(self.env)
        self._release_claims(rounds.claimed)
        rounds.claimed.clear()

    def _claim_free(self):
        """Claim those of these mails that nobody has, and commit: what is read next is as others left it.

        :return: their ids
        """
        query = "SELECT id FROM unnest(%s) AS id WHERE pg_try_advisory_lock(%s, id)"
        ids = [number for (number,) in self.env.execute_query(SQL(query, self.ids, LOCK))] if self else []
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # a transaction begins
        return ids

    @api.model
    def _release_claims(self, ids):
        if not ids:
            return
        query = SQL("SELECT pg_advisory_unlock(%s, id) FROM unnest(%s) AS id", LOCK, list(ids))
        # An error of the database may have ended the transaction, or the connection, and the locks with it.
        with suppress(psycopg2.Error):
            try:
                self.env.execute_query(query)
            except psycopg2.Error:
                self.env.cr.rollback()
                self.env.execute_query(query)
