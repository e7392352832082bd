"""What running campaigns wait for, and how they are told of it: inside somebody's save, where nothing may fail."""

import functools
import logging
from dataclasses import replace

import psycopg2

from odoo import api, models
from odoo.tools import SQL, frozendict, ormcache

from odoo.addons.marketing_automation.engine.context import action_run
from odoo.addons.marketing_automation.engine.workflow import Entry

from ..engine.event_kinds import Watch
from .form_request import is_submitted
from .mail_thread import NO_MESSAGES
from .marketing_entry import VALUE_TYPES

_logger = logging.getLogger(__name__)


def never_failing(tell):
    """Return a method that tells nobody where the code of a kind, or of a field, fails: nobody's save does."""

    @functools.wraps(tell)
    def tell_safely(self, watches, records, *args):
        try:
            return tell(self, watches, records, *args)
        except psycopg2.Error:  # the transaction is over, and Odoo tries it again where that helps
            raise
        except Exception:
            _logger.exception("What happened to a %s is told to no campaign", records._name)
            return None

    return tell_safely


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    # ------------------------------------------------------------
    # What is waited for
    # ------------------------------------------------------------

    @api.model
    @ormcache()
    def _get_watches(self):
        """Return what the entries of running campaigns wait for.

        :return: each :class:`Watch`, by the technical name of the model where it happens
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.id, COALESCE(c.workflow ->> 'model_name', m.model), e.entry
                  FROM marketing_campaign c
             LEFT JOIN ir_model m ON m.id = c.model_id
            CROSS JOIN LATERAL jsonb_array_elements(c.workflow -> 'entries') AS e (entry)
                 WHERE c.state = 'running' AND c.workflow @> '{"entries": [{"entry_type": "event"}]}'
                   AND e.entry ->> 'entry_type' = 'event'
              ORDER BY c.id
                """
            )
        )
        watches = {}
        for campaign_id, target, entry in rows:
            for model_name, happening in self._find_happenings(Entry.from_json(entry), target):
                watches.setdefault(model_name, []).append(Watch(campaign_id, entry["id"], happening))
        return frozendict({model_name: tuple(found) for model_name, found in watches.items()})

    @api.model
    def _find_happenings(self, running, target):
        """Return where and how the event of an entry is seen: pairs of a model and a Happening.

        What cannot be watched any more is not: the entry says why.
        """
        try:
            settings = running.settings
            kind = self._get_kinds().get(settings.get("kind"))
            model_name = kind and self._get_event_model(kind, settings, target)
            if not kind or model_name not in self.env or self._find_settings_problem(settings, target):
                return []
            happens = self._ask_kind("happens", settings, default=kind.happens)
            field = self._get_watched_field(kind, settings.get("field"), model_name)
            if field:
                values = self._get_watched_values(kind, field, settings)
                happens = [replace(happening, field=field.name, **values) for happening in happens]
            return [(model_name, happening) for happening in happens]
        except psycopg2.Error:
            raise
        except Exception:  # the code of whichever addon brings this kind
            _logger.exception("The event of the entry %s cannot be watched", running.id)
            return []

    @api.model
    def _get_watched_values(self, kind, field, settings):
        """Return the values that a change has to have, as a Happening takes them."""
        if not kind.values or field.type not in VALUE_TYPES:
            return {}
        known = {"was": settings.get("from") if kind.values == "both" else None, "becomes": settings.get("to")}
        return {name: tuple(values) for name, values in known.items() if values}

    @api.model
    def _clear_watches(self):
        """Forget what is waited for, now and once others can see the change, in all processes."""
        registry = self.env.registry
        registry.clear_cache()
        self.env.cr.postcommit.add(registry.clear_cache)

    # ------------------------------------------------------------
    # What happens
    # ------------------------------------------------------------

    @api.model
    def _read_watched(self, watches, records):
        """Return what watched fields of records have now, as far as they are there.

        :return: values by field, by the id of the record
        :rtype: dict[int, dict]
        """
        names = {watch.happening.field for watch in watches} & records._fields.keys()
        try:
            real = records.sudo().filtered("id")
            real.fetch(names)
            return {record.id: {name: _get_value(record, name) for name in names} for record in real}
        except psycopg2.Error:
            raise
        except Exception as error:  # a record that is gone, or a field's own code: who saves is told by Odoo, or nobody
            _logger.info("What changes on a %s is not seen: %s", records._name, error)
            return {}

    @api.model
    @never_failing
    def _tell_created(self, watches, records):
        fields = [watch for watch in watches if watch.happening.field and watch.happening.new_too]
        values = self._read_watched(fields, records) if fields else {}
        events = []
        for watch in watches:
            happening = watch.happening
            if happening.by_form is not None and not is_submitted(records, happening.by_form):
                continue
            if happening.created:
                events += [(watch, res_id) for res_id in records.ids]
            elif happening.field:
                events += [
                    (watch, res_id)
                    for res_id, now in values.items()
                    if happening.field in now and happening.is_seen(None, now[happening.field])
                ]
        self._tell(records._name, events)

    @api.model
    @never_failing
    def _tell_changed(self, watches, records, before):
        if not before:
            return
        after = self._read_watched(watches, records)
        events = []
        for watch in watches:
            name = watch.happening.field
            events += [
                (watch, res_id)
                for res_id, then in before.items()
                if name in then and res_id in after and watch.happening.is_seen(then[name], after[res_id][name])
            ]
        self._tell(records._name, events)

    @api.model
    @never_failing
    def _tell_received(self, watches, records, message):
        """Tell of a message, where somebody outside has written it."""
        message = message.sudo()
        author = message.author_id
        if message.is_internal or message.subtype_id.internal or message.message_type in NO_MESSAGES:
            return
        if not author or author.partner_share:
            self._tell(records._name, [(watch, res_id) for watch in watches for res_id in records.ids])

    @api.model
    def _tell(self, model_name, events):
        """Tell campaigns what has happened, by one INSERT.

        :param str model_name: of the records
        :param list events: pairs of a Watch and the id of the record
        """
        run = action_run(self.env)
        if not events or (run and run.is_test):  # nothing of a test is counted elsewhere
            return
        rows = dict.fromkeys((watch.campaign_id, watch.entry_id, res_id) for watch, res_id in events)
        self.env["marketing.entry.request"].sudo().request_events(model_name, list(rows), "step" if run else "event")


def _get_value(record, name):
    """Return the value of a field as a Happening compares it."""
    field = record._fields[name]
    if field.type == "many2one":
        return record[name].id
    if field.relational:
        return tuple(sorted(record[name].ids))
    return record[name]
