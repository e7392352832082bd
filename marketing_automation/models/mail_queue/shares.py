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

    @api.model
    def _search_going(self, domain, limit):
        """Return mails that are due, in order: without those by a mail server that has had what it gets in this hour.

        Others are behind them. Mails that name no server go by that of their sender: of many it is asked once.
        """
        full = self._get_full_servers(fields.Datetime.now())
        if not full:
            return self.search(domain, limit=limit, order="id")
        domain = [*domain, ("mail_server_id", "not in", full.ids)]
        # sudo: whoever sends; users do not read mail servers
        if not self.env["ir.mail_server"].sudo().search_count([("id", "not in", full.ids)], limit=1):
            domain.append(("mail_server_id", "!=", False))
        while True:
            mails = self.search(domain, limit=limit, order="id")
            split = mails._split_by_mail_configuration()
            kept = self.browse(id_ for server_id, *_told, ids in split if server_id in full.ids for id_ in ids)
            if not kept:
                return mails
            for sender, alias_domain in {(mail.email_from, mail.record_alias_domain_id.id) for mail in kept}:
                of_sender = [("email_from", "=", sender), ("record_alias_domain_id", "=", alias_domain)]
                domain += ["!", "&", ("mail_server_id", "=", False), "&", *of_sender]
