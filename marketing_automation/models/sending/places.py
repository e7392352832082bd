"""The tables by address: who got how many messages lately, and when somebody opened them; one row for each address.

A message takes its place in the transaction that makes it, and locks the row of its address: two lanes cannot take the
last place both, since the one that comes later reads anew. An address is kept as a hash. Nobody has rights on the
tables; they are no models.
"""

import hashlib
from itertools import product

from odoo import api, fields, models
from odoo.tools import SQL

TABLES = """
CREATE TABLE IF NOT EXISTS marketing_pressure (
    key varchar NOT NULL CONSTRAINT marketing_pressure_pkey PRIMARY KEY,
    channel varchar NOT NULL,
    dates timestamp[] NOT NULL,
    trace_ids int[] NOT NULL
);
COMMENT ON TABLE marketing_pressure IS 'Marketing Automation: when messages were made, by a hash of their address';
CREATE TABLE IF NOT EXISTS marketing_best_time (
    key varchar NOT NULL CONSTRAINT marketing_best_time_pkey PRIMARY KEY,
    quarters int[] NOT NULL
);
COMMENT ON TABLE marketing_best_time IS
    'Marketing Automation: when messages were opened, in quarters of an hour since 1970, by a hash of their address';
"""
KEPT = ("marketing_pressure", "marketing_best_time")  # tables by the hashes of addresses
CHUNK = 10_000  # rows of one transaction of the daily cleaning


def install(cr):
    cr.execute(TABLES)


def uninstall(cr):
    cr.execute("DROP TABLE IF EXISTS marketing_pressure, marketing_best_time")


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def init(self):
        install(self.env.cr)
        return super().init()

    @api.model
    def _get_address_salt(self, channel):
        """Return what addresses are hashed with."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")  # sudo: nobody is told
        return f"{secret}:{channel}"

    @api.model
    def _hash_addresses(self, addresses, channel):
        """Return the keys of addresses, by which their places are found.

        :param addresses: normalized
        :param str channel: ``mail``, ``sms``
        :rtype: dict[str, str]
        """
        salt = self._get_address_salt(channel)
        # as _hash_address_sql() has it
        return {
            address: hashlib.sha256(f"{salt}:{address}".encode(errors="replace")).hexdigest()[:32]
            for address in addresses
        }

    @api.model
    def _hash_address_sql(self, address, channel):
        """Return the SQL of the key of an address; NULL stays NULL.

        :param SQL address: a text, normalized
        """
        salt = self._get_address_salt(channel)
        return SQL("left(encode(sha256(convert_to(%s || ':' || %s, 'UTF8')), 'hex'), 32)", salt, address)

    @api.model
    def _lock_places(self, keys):
        """Lock the rows of addresses, always in the same order, and return what they hold.

        Under REPEATABLE READ a row that somebody changed since the snapshot raises a serialization failure, and so
        does one that is new when it is written: the batch starts again, and sees it.

        :param keys: see :meth:`_hash_addresses`
        :return: dates, and the ids of the traces, by key
        :rtype: dict[str, tuple[list, list]]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT key, dates, trace_ids FROM marketing_pressure
                    WHERE key = ANY(%s) ORDER BY key FOR NO KEY UPDATE""",
                sorted(keys),
            )
        )
        return {key: (dates, trace_ids) for key, dates, trace_ids in rows}

    @api.model
    def _write_places(self, places, channel):
        """Write what the rows of addresses hold, in their order.

        :param dict places: dates, and the ids of the traces, by key
        :param str channel: ``mail``, ``sms``
        """
        if not places:
            return
        keys = sorted(places)
        self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_pressure (key, channel, dates, trace_ids)
                SELECT key, %s, dates::timestamp[], trace_ids::int[]
                  FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS n (key, dates, trace_ids, number)
              ORDER BY number
           ON CONFLICT (key) DO UPDATE SET dates = EXCLUDED.dates, trace_ids = EXCLUDED.trace_ids
             RETURNING 1
                """,
                channel,
                keys,
                *([as_array(places[key][column]) for key in keys] for column in (0, 1)),
            )
        )

    @api.private
    def _give_back(self, addresses, channel):
        """Give back the places of these traces, whose messages nobody got.

        :param dict addresses: normalized, by trace id
        """
        keys = self._hash_addresses(set(addresses.values()), channel)
        places = self._lock_places(keys.values())
        left = {}
        for key, (dates, trace_ids) in places.items():
            if not set(trace_ids).isdisjoint(addresses):
                pairs = [pair for pair in zip(dates, trace_ids, strict=True) if pair[1] not in addresses]
                left[key] = [date for date, _id in pairs], [trace_id for _date, trace_id in pairs]
        self._write_places(left, channel)

    @api.model
    def _forget_addresses(self, participant_ids):
        """Forget what is kept of the addresses of these participants by their hash: their record goes.

        :param list participant_ids: of marketing.participant
        """
        types = self.env["marketing.activity"]._get_types().values()
        channels = {(told.mailing_type, told.address_column) for told in types if told.mailing_type}
        for (channel, column), table in product(channels, KEPT):
            address = SQL("m.%s", SQL.identifier(column))
            self.env.execute_query(
                SQL(
                    """
                    DELETE FROM %s WHERE key IN (
                           SELECT %s FROM marketing_trace t JOIN mailing_trace m ON m.marketing_trace_id = t.id
                            WHERE t.participant_id = ANY(%s) AND m.trace_type = %s AND %s IS NOT NULL)
                 RETURNING 1
                    """,
                    SQL.identifier(table),
                    self._hash_address_sql(address, channel),
                    participant_ids,
                    channel,
                    address,
                )
            )

    @api.autovacuum
    def _gc_places(self):
        """Forget who got messages longer ago than any limit looks back.

        :return: how many rows are gone, and whether there may be more
        """
        days = self.env["marketing.campaign"]._get_cap_days()
        rows = self.env.execute_query(
            SQL(
                """
                DELETE FROM marketing_pressure WHERE key IN (
                       SELECT key FROM marketing_pressure
                        WHERE NOT (%s < ANY (dates)) LIMIT %s FOR UPDATE SKIP LOCKED)
             RETURNING 1
                """,
                fields.Datetime.subtract(fields.Datetime.now(), days=days),
                CHUNK,
            )
        )
        return len(rows), len(rows) == CHUNK


def as_array(values):
    """Return dates or numbers as PostgreSQL reads an array: a query cannot be given arrays of several lengths."""
    return "{" + ",".join(f'"{value}"' for value in values) + "}"
