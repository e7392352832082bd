"""The databases of bin/bench: one with the addons, one for each size with its contacts, and clones for the runs."""

import os
from contextlib import contextmanager

from .. import addons
from ..child import run_child
from ..console import step
from ..locks import exclusive
from ..paths import DEV
from ..signals import undisturbed

PREFIX = "marketing_automation_bench_"
RUN = f"{PREFIX}run_"
EXTRA_MODULES = ["base_automation"]  # what actions are compared with

# Contacts as people have them: an address, a number that can be texted; unique, so that nobody is a duplicate.
CONTACTS = """
INSERT INTO res_partner (id, commercial_partner_id, name, complete_name, email, email_normalized, phone,
                         phone_sanitized, city, active, type, lang, is_company, partner_share, color,
                         create_uid, write_uid, create_date, write_date)
SELECT id, id, 'Contact ' || i, 'Contact ' || i, a, a, n, n, 'Benchville', TRUE, 'contact', 'en_US', FALSE, TRUE, 0,
       1, 1, now() AT TIME ZONE 'UTC' - interval '1 day', now() AT TIME ZONE 'UTC' - interval '1 day'
  FROM (SELECT nextval('res_partner_id_seq') AS id, i, 'contact' || i || '@bench.example.com' AS a,
               '+1415' || lpad((2000000 + i)::text, 7, '0') AS n
          FROM generate_series(1, {size}) AS i) AS c
"""


class BenchDatabases:
    """The databases of one state of the addons.

    :param space: the Workspace with these addons
    :param beside: those of all states that are measured together, whose databases are kept
    """

    def __init__(self, space, beside=()):
        self.space = space
        self._databases = space.databases
        self._digest = addons.fingerprint(space.root)
        self._kept = [self._digest, *(addons.fingerprint(each.root) for each in beside)]

    def prepare(self, size, finished=False):
        """Make what clone() needs, which may take long.

        :return: the name of the template
        """
        with exclusive(DEV / "bench.lock", "waiting for another bin/bench"):
            self._databases.drop_unused(RUN)
            return self._finished(size) if finished else self._contacts(size)

    @contextmanager
    def clone(self, size, finished=False):
        """Give the name of a fresh database with so many contacts; dropped at the end.

        :param finished: whether a campaign has run its course for all of them
        """
        name = f"{RUN}{os.getpid()}"
        template = self.prepare(size, finished)
        with self._databases.in_use(name):
            self._databases.drop(name)
            self._databases.clone(template, name)
            try:
                yield name
            finally:
                with undisturbed():
                    self._databases.drop(name)

    def _base(self):
        def install(name):
            self.space.install(name, [*addons.names(self.space.root), *EXTRA_MODULES])

        return self._make("base", None, "installing the addons", install)

    def _contacts(self, size):
        def fill(name):
            self._databases.query(name, CONTACTS.format(size=size))
            self._databases.query(name, "VACUUM ANALYZE")

        return self._make(f"{size}", self._base(), f"making {size:,} contacts", fill)

    def _finished(self, size):
        def fill(name):
            run_child(self.space, name, "bench.finished:fill", size=size)
            self._databases.query(name, "VACUUM ANALYZE")

        title = f"making {size:,} participants who have finished"
        return self._make(f"{size}_finished", self._contacts(size), title, fill)

    def _make(self, kind, origin, title, fill):
        """Make a template unless it is there. Renamed at the end: what is there is whole."""
        name = f"{PREFIX}{self._digest}_{kind}"
        if name in self._databases.names():
            return name
        if not origin:
            self._drop_outdated()
        making = f"{name}_making"
        with step(f"Data: {title}"):
            self._databases.drop(making)
            if origin:
                self._databases.clone(origin, making)
            fill(making)
            self._databases.rename(making, name)
        return name

    def _drop_outdated(self):
        """Drop what was made for other states of the addons."""
        for name in self._databases.names(PREFIX):
            if not name.startswith((RUN, *(f"{PREFIX}{digest}" for digest in self._kept))):
                self._databases.drop(name)
