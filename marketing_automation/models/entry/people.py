"""Whom a webhook names: found as the campaign's user sees them, or made, and enrolled."""

import logging

from psycopg2 import IntegrityError

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize

from ...engine.incoming_people import WebhookError
from .types.webhook import hash_token

_logger = logging.getLogger(__name__)

ALREADY_IN = ("participant", "inside")


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    @api.private
    def _find_by_token(self, token):
        """Return the entry whose address holds a token; none that was removed."""
        entry = self.sudo().search([("token_hash", "=", hash_token(token))], limit=1)
        return entry if entry.entry_type == "webhook" else entry.browse()

    @api.model
    @api.private
    def _count_call(self, entry_id):
        """Count a call of this minute, and forget those before.

        :return: how many it had
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_entry_call AS c (entry_id, minute, number)
                VALUES (%s, date_trunc('minute', now() AT TIME ZONE 'UTC'), 1)
           ON CONFLICT (entry_id) DO UPDATE
                   SET number = CASE WHEN c.minute = EXCLUDED.minute THEN c.number + 1 ELSE 1 END,
                       minute = EXCLUDED.minute
             RETURNING number
                """,
                entry_id,
            ),
            log_exceptions=False,
        )
        return self.env.cr.fetchone()[0]

    @api.private
    def _take_people(self, people, now):
        """Enrol whom a call names.

        :param list people: the :class:`Person` of each
        :param datetime now: UTC
        :return: what became of each: ``result``, and ``reason`` of who was left out
        :rtype: list[dict]
        :raise WebhookError: where this entry takes in nobody
        """
        campaign = self.campaign_id
        running = (
            [entry for entry in campaign._get_workflow().entries if entry.id == self.id] if campaign.workflow else []
        )
        if campaign.state != "running" or not running:
            raise WebhookError(409, "The campaign does not run.")
        env = campaign._get_run_env()
        model = env[campaign._get_target()]
        found, left_out = self._find_people(model, people, running[0].settings.get("create"), campaign)
        keys = {}
        for person in people:
            if person in found:
                keys.setdefault(found[person], person.key)
        res_ids = sorted(keys)
        before = campaign._filter_participants(res_ids)
        enrolled = set()
        if res_ids:
            occurrences = {res_id: key for res_id, key in keys.items() if key is not None}
            participants, _last_id = campaign._enrol(
                now, len(res_ids), res_ids=res_ids, source="webhook", entry=self, occurrences=occurrences
            )
            enrolled = set(participants.mapped("res_id"))
        reasons = campaign._explain_left_out(sorted(set(res_ids) - enrolled), before)
        reasons |= dict.fromkeys(self._find_known_keys(keys) - enrolled, "participant")
        campaign._get_execution_crons()._trigger_after_commit()
        return [self._tell_result(person, found, left_out, enrolled, reasons) for person in people]

    def _find_known_keys(self, keys):
        """Return the ids of the records that came in with these keys, now or before.

        :param dict keys: of each record, by its id
        :rtype: set[int]
        """
        domain = [("entry_id", "=", self.id), ("res_id", "in", list(keys)), ("entry_key", "!=", False)]
        known = self.env["marketing.participant"].search_fetch(domain, ["res_id", "entry_key"])
        return {participant.res_id for participant in known if keys[participant.res_id] == participant.entry_key}

    def _tell_result(self, person, found, left_out, enrolled, reasons):
        if person in left_out:
            return {"result": "left_out", "reason": left_out[person]}
        if person not in found:
            return {"result": "not_found"}
        reason = reasons.get(found[person])
        if found[person] in enrolled:
            return {"result": "enrolled"}
        # whoever named somebody with the same key before was told that they are in
        return {"result": "already_in"} if reason in ALREADY_IN else {"result": "left_out", "reason": reason}

    def _find_people(self, model, people, create, campaign):
        """Return the records of people, as far as the campaign's user sees them.

        :param model: the target, in the environment of that user
        :param bool create: whether records are made for addresses that nobody has
        :return: (the id of the record by person, why somebody was left out by person)
        """
        ids = {person.id for person in people if person.id}
        seen = set(model.with_context(active_test=False).search([("id", "in", list(ids))]).ids) if ids else set()
        found = {person: person.id for person in people if person.id in seen}
        left_out, by_email = {}, {}
        for person in people:
            if person.email is not None:
                email = email_normalize(person.email)
                if not email:
                    left_out[person] = "invalid_email"
                else:
                    by_email.setdefault(email, []).append(person)
        if not by_email:
            return found, left_out
        if "email_normalized" not in model._fields or not model._fields["email_normalized"].store:
            raise WebhookError(400, 'The campaign is not for records with an email address: name them by "id".')
        records = self._find_addresses(model, list(by_email), campaign)
        unknown = {email: by_email[email][0] for email in by_email if email not in records}
        if create and unknown:
            records |= self._make_people(model, unknown)
            left_out |= {
                person: "cannot_create" for email in unknown if email not in records for person in by_email[email]
            }
        for email, named in by_email.items():
            if email in records:
                found |= dict.fromkeys(named, records[email])
        return found, left_out

    def _find_addresses(self, model, emails, campaign):
        """Return the id of the record of each address: of several the oldest that matches the campaign's filter."""
        rows = model.search_fetch([("email_normalized", "in", emails)], ["email_normalized"], order="id")
        matching = (
            set(campaign._filter_res_ids(model.env, rows.ids, [campaign._get_workflow().domain])) if rows else set()
        )
        records = {}
        for record in rows.sorted(lambda record: (record.id not in matching, record.id)):
            records.setdefault(record.email_normalized, record.id)
        return records

    def _make_people(self, model, unknown):
        """Make records for addresses, with the rights of the campaign's user.

        :param dict unknown: the first person with each address
        :return: the id of the record of each address; nothing where they cannot be made
        """
        fname = getattr(model, "_primary_email", None) or "email"
        values = [{model._rec_name: person.name or email, fname: email} for email, person in unknown.items()]
        try:
            with self.env.cr.savepoint():
                records = model.create(values)
                records.flush_recordset()
        except (UserError, ValueError, IntegrityError) as error:
            _logger.warning("The webhook of the campaign %s makes no records: %s", self.campaign_id.id, error)
            return {}
        return dict(zip(unknown, records.ids, strict=True))
