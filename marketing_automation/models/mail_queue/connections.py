"""How many connections the lanes that send have with a mail server at once: a setting of the server.

Each of them takes one of the server's slots, an advisory lock of the database session, which ends with the process. A
lane keeps its slots until its run ends.
"""

from contextlib import suppress

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.context import queue_rounds

LOCK = 0x4D4143  # first key of the advisory locks; the second one is that of a server and a slot
MANY = 100  # slots of a server


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    marketing_connections = fields.Integer(
        string="Connections for Campaigns",
        help="How many connections with this server the lanes that send the emails of campaigns have at once, on all "
        "hosts together. 0: each lane has its own. The connection by which Odoo sends other emails is not counted.",
    )

    _marketing_connections = models.Constraint(
        "CHECK (marketing_connections BETWEEN 0 AND 99)",
        "A mail server has 0 to 99 connections for campaigns.",
    )

    @api.model
    def _get_limited(self, server_id):
        """Return the mail server with this id where lanes may have so many connections with it only; else none."""
        # sudo: whoever sends; users do not read mail servers
        server = self.sudo().browse(server_id or [])
        return server if queue_rounds(self.env).is_lane and server._get_connection_limit() else server.browse()

    def _get_connection_limit(self):
        """Return how many connections lanes have with this server at once; 0 for as many as they like.

        Odoo counts what goes by the server of a person, minute by minute: one lane at a time does.
        """
        return 1 if self.owner_user_id else self.marketing_connections

    def _may_connect(self):
        """Tell whether this lane may make another connection with this server: take a slot, if there is one left."""
        rounds = queue_rounds(self.env)
        slots = rounds.slots.setdefault(self.id, set())
        if len(rounds.get_connections(self.id)) < len(slots):
            return True
        for run in rounds.runs.values():
            if run.server_id == self.id:
                run.lines.hang_up_idle()
        if len(rounds.get_connections(self.id)) < len(slots):
            return True
        for slot in range(self._get_connection_limit()):
            if slot not in slots and self._lock_slot("pg_try_advisory_lock", slot):
                slots.add(slot)
                return True
        return False

    @api.model
    def _release_slots(self):
        slots = queue_rounds(self.env).slots
        for server_id, taken in slots.items():
            with suppress(psycopg2.Error):  # the connection to the database may have ended, and the locks with it
                for slot in taken:
                    self.browse(server_id)._lock_slot("pg_advisory_unlock", slot)
        slots.clear()

    def _lock_slot(self, function, slot):
        key = (self.id * MANY + slot) % 2**31
        [[done]] = self.env.execute_query(SQL("SELECT %s(%s, %s)", SQL.identifier(function), LOCK, key))
        return done
