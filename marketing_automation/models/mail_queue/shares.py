"""What a mail server in its warm-up gets of these mails in this hour; the others wait in the queue for the next one."""

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.context import queue_rounds, queue_run


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _take_shares(self):
        """Return those of these mails, which nobody else has in hand, that may go in this hour.

        Called at the beginning of a transaction.
        """
        run, rounds = queue_run(self.env), queue_rounds(self.env)
        # sudo: whoever sends; users do not read mail servers
        server = self.env["ir.mail_server"].sudo().browse(run.server_id or [])
        if not self or not server.marketing_warm_up:
            return self
        rows = self.env.execute_query(
            SQL("SELECT id FROM mail_mail WHERE id = ANY(%s) AND state = 'outgoing' ORDER BY id", self.ids)
        )
        asking = [number for [number] in rows if number not in rounds.shares]
        now = fields.Datetime.now()
        taken = server._take_share(len(asking), now) if asking else 0
        rounds.shares.update(asking[:taken])
        if taken < len(asking):
            run.lines.queue.clear()  # they stay in Odoo's queue
            run.lines.wake(server._get_next_share_date(now))
        left = set(asking[taken:])
        return self.filtered(lambda mail: mail.id not in left)

    @api.model
    def _get_full_servers(self, now):
        """Return the mail servers in their warm-up that have had what they get in this hour."""
        # sudo: whoever sends; users do not read mail servers
        servers = self.env["ir.mail_server"].sudo().search([("marketing_warm_up", "=", True)])
        return servers.filtered(lambda server: not server._has_share_left(now))
