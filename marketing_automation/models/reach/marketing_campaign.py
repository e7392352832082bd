"""Whom the first messages of a start reach, and who of those that enter gets none: set-based, nothing is read."""

from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.base.models.ir_mail_server import address_pattern

from ...engine.workflow import has_conditions
from ..mail_queue.addresses import is_sendable

MISMATCH = "filter_mismatch"
# What a mail server is given, of what Odoo finds an address in: see ``is_sendable``, which alone knows international
# domains.
SENDABLE = address_pattern.pattern
# What Odoo finds in the text of a field, where the model does not keep it: the part before the last @, and after it.
FOUND = r'[^\s<>,;:"@\[\]]+@[^\s<>,;"@]+(?![^\s<>,;"]*@)'
SEVERAL = rf"{FOUND}.*[\s,;].*{FOUND}"  # more than one of them
INTERNATIONAL = r"[^\x01-\x7f]"
# As the index says it, which holds nobody else.
LEFT_OUT_CONDITION = "state = 'canceled' AND is_test IS NOT TRUE AND left(end_code, 4) IN ('mail', 'sms_')"


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _get_left_out_labels(self):
        """Return who gets no message, in words, by the code with which the step of such a participant ends.

        A companion addon adds the codes of its own messages.

        :rtype: dict[str, str]
        """
        return {
            "mail_bl": _("blocklisted"),
            "mail_optout": _("opted out"),
            "mail_email_missing": _("without an email address"),
            "mail_email_invalid": _("with an address that cannot be read"),
            "mail_dup": _("with the address of somebody else here"),
            MISMATCH: _("not matching its filter"),
        }

    def _count_reach(self, step, way, until):
        """Count whom a step that sends a message reaches, of those who enter and of those for whom it is due.

        :param Step step: of the workflow
        :param Way way: of those who enter now and come to it until then, see :meth:`_foresee_way`
        :param datetime until: UTC
        :return: numbers by code of who is left out, and by None of who gets the message; of how many of these the
            field holds more addresses than the one that gets it
        :rtype: tuple[dict[str | None, int], int]
        """
        self.env.flush_all()  # an address that was just entered
        rows = self._group_reach(step, way, until)
        known = {address for *_counts, international in rows for address in international or ()}
        refused = sorted(address for address in known if not is_sendable(address))
        if refused:
            rows = self._group_reach(step, way, until, refused)
        reach = {code: count for code, count, *_others in rows}
        several = 0
        for code, _count, distinct, addressed, reached, more, _international in rows:
            if code is None:
                several = more
                if addressed - distinct + reached:  # of those who share an address one gets it
                    duplicates = addressed - distinct + reached
                    duplicate_code = self._get_duplicate_code(step.activity_type)
                    reach[duplicate_code] = reach.get(duplicate_code, 0) + duplicates
                    reach[None] -= duplicates
        return reach, several

    def _group_reach(self, step, way, until, refused=()):
        """Group whom a message reaches by the code of who is left out.

        :param refused: addresses which no mail server is given, as the domain is none
        :return: of each code how many, how many addresses, how many with one, how many of whose addresses got it,
            how many have several in their field, and the addresses that are not ASCII
        :rtype: list[tuple]
        """
        model = self._get_run_env()[self._get_target()]
        join, code, address = self._get_address_sql(step, model)
        if refused:
            code = SQL("COALESCE(%s, CASE WHEN %s = ANY(%s) THEN 'mail_email_invalid' END)", code, address, refused)
        if has_conditions(step.domain):
            query = model._search(self._parse_filter(step.domain, model.env))
            code = SQL("CASE WHEN t.id NOT IN %s THEN %s ELSE %s END", query.subselect(), MISMATCH, code)
        return self.env.execute_query(
            SQL(
                """
                WITH reached AS (
                     SELECT %(code)s AS code, %(address)s AS address, %(several)s AS several, t.id
                       FROM (%(recipients)s) AS r (id) JOIN %(table)s t ON t.id = r.id %(join)s)
              SELECT code, count(*), count(DISTINCT address) FILTER (WHERE code IS NULL),
                     count(address) FILTER (WHERE code IS NULL),
                     count(DISTINCT address) FILTER (WHERE code IS NULL AND EXISTS (
                         SELECT 1 FROM mailing_trace m LEFT JOIN marketing_trace t ON t.id = m.marketing_trace_id
                          WHERE m.mass_mailing_id = %(mailing)s AND m.%(column)s = reached.address
                            AND m.res_id != reached.id AND %(got_it)s)),
                     count(*) FILTER (WHERE code IS NULL AND several),
                     array_agg(DISTINCT address) FILTER (WHERE code IS NULL AND address ~ %(international)s)
                FROM reached GROUP BY code
                """,
                code=code,
                address=address,
                several=self._get_several_sql(step, model),
                recipients=self._get_recipients_sql(step, way, until),
                table=SQL.identifier(model._table),
                join=join,
                mailing=step.template_id,
                column=SQL.identifier(self._get_address_column(step.activity_type)),
                got_it=self.env["marketing.trace"]._get_reached_sql(),
                international=INTERNATIONAL,
            )
        )

    def _get_recipients_sql(self, step, way, until):
        """Return the query of the records for which a step is due until a moment."""
        parts = [
            SQL(
                """SELECT res_id FROM marketing_trace
                    WHERE campaign_id = %s AND activity_id = %s AND state = 'scheduled' AND schedule_date <= %s
                      AND is_test IS NOT TRUE""",
                self.id,
                step.id,
                until,
            )
        ]
        if way is not None:
            newcomers = way.newcomers or self._get_entering_sql(fields.Datetime.now())[0]
            if self._get_workflow().unique_field:  # the lowest of those that share a key
                newcomers = SQL(
                    "SELECT min(n.id) AS id FROM (%s) AS n GROUP BY COALESCE(n.key, n.id::text)",
                    newcomers,
                )
            parts.append(SQL("SELECT n.id FROM (%s) AS n WHERE TRUE %s", newcomers, self._get_way_sql(way)))
        return SQL(" UNION ALL ").join(parts)

    # ------------------------------------------------------------
    # Addresses; extended by the types of messages
    # ------------------------------------------------------------

    @api.model
    def _get_address_column(self, activity_type):
        """Return where mailing.trace keeps the address of a message of this type."""
        return self.env["marketing.activity"]._get_types()[activity_type].address_column

    @api.model
    def _get_duplicate_code(self, activity_type):
        """Return the code of a message whose address got it already."""
        return self.env["marketing.activity"]._get_types()[activity_type].duplicate_code

    def _get_address_sql(self, step, model):
        """Return how PostgreSQL finds the address of a record, as Odoo's composer does for the message of this step.

        :param Step step: of the workflow
        :param model: the target, whose table is called ``t``
        :return: what to join, the code of who gets no message (NULL for the others), the normalized address
        :rtype: tuple[SQL, SQL, SQL]
        """
        own = self._get_own_email_sql(model)
        join, found = self._get_emails_sql(model)
        if not found:
            return SQL(), SQL("NULL::text"), SQL("NULL::text")  # nobody knows before the message is made
        address = SQL("COALESCE(%s)", SQL(", ").join(normalized for normalized, _raw in found))
        entered = SQL(" || ").join(raw for _normalized, raw in found)
        cases = []
        mailing = self.env["mailing.mailing"].sudo().browse(step.template_id)
        if mailing.use_exclusion_list:
            blocked = own[0] if own and "email_normalized" in model._fields else address
            cases.append(
                SQL(
                    "WHEN %s IN (SELECT email FROM mail_blacklist WHERE active AND email IS NOT NULL) THEN 'mail_bl'",
                    blocked,
                )
            )
        cases.append(SQL("WHEN %s IS NULL AND %s = '' THEN 'mail_email_missing'", address, entered))
        cases.append(SQL("WHEN (%s ~ %s) IS NOT TRUE THEN 'mail_email_invalid'", address, SENDABLE))
        if model._name == "mailing.contact":
            opted_out = self.env["mailing.contact"]._get_opted_out_sql(self._get_named_lists())
            cases.append(SQL("WHEN t.id IN (%s) THEN 'mail_optout'", opted_out))
        return join, SQL("CASE %s END", SQL(" ").join(cases)), address

    def _get_several_sql(self, step, model):
        """Return whether the field whose first address gets the email of this step holds another one as well."""
        if self.env["marketing.activity"]._get_types()[step.activity_type].mailing_type != "mail":
            return SQL("FALSE")
        _join, found = self._get_emails_sql(model)
        cases = [SQL("WHEN %s IS NOT NULL THEN %s ~ %s", normalized, raw, SEVERAL) for normalized, raw in found]
        return SQL("CASE %s ELSE FALSE END", SQL(" ").join(cases)) if cases else SQL("FALSE")

    def _find_reached(self, step, res_ids):
        """Return whom a step's message reaches as it is now, of some records.

        :param Step step: of the workflow
        :param list res_ids: ids of records of the target
        :rtype: set[int]
        """
        return self._find_addresses(step, res_ids).keys()

    def _find_addresses(self, step, res_ids):
        """Return the addresses at which a step's message reaches some records as it is now; None where nobody knows.

        :param Step step: of the workflow
        :param list res_ids: ids of records of the target
        :return: normalized, by id; who gets no message is left out
        :rtype: dict[int, str | None]
        """
        self.env.flush_all()
        model = self._get_run_env()[self._get_target()]
        join, code, address = self._get_address_sql(step, model)
        table = SQL.identifier(model._table)
        query = SQL(
            "SELECT t.id, %s FROM %s t %s WHERE t.id = ANY(%s) AND %s IS NULL",
            *(address, table, join, list(res_ids), code),
        )
        return {
            res_id: address
            for res_id, address in self.env.execute_query(query)
            if address is None or address.isascii() or is_sendable(address)
        }

    @api.model
    def _find_participants_of_addresses(self, model, addresses):
        """Return the records in running campaigns that are mailed at one of these addresses, or at their contact's.

        :param model: the target; one without an address has none
        :param list addresses: normalized
        :return: their ids
        :rtype: list[int]
        """
        join, found = self._get_emails_sql(model)
        if not found:
            return []
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT t.id
                  FROM marketing_participant p JOIN %(table)s t ON t.id = p.res_id %(join)s
                 WHERE p.model_name = %(model)s AND p.state = 'running' AND p.is_test IS NOT TRUE
                   AND COALESCE(%(address)s) = ANY(%(addresses)s)
                """,
                table=SQL.identifier(model._table),
                join=join,
                model=model._name,
                address=SQL(", ").join(normalized for normalized, _raw in found),
                addresses=addresses,
            )
        )
        return [res_id for (res_id,) in rows]

    @api.model
    def _get_emails_sql(self, model):
        """Return what to join, and where a record's address is: normalized and as entered, the first one that is there.

        :rtype: tuple[SQL, list[tuple[SQL, SQL]]]
        """
        own = self._get_own_email_sql(model)
        join = self._get_contact_join_sql(model)
        found = [own] if own else []
        if join:
            contact = SQL("NULLIF(contact.email_normalized, '')"), SQL("btrim(COALESCE(contact.email, ''))")
            found.insert(len(found) if model._mail_defaults_to_email else 0, contact)
        return join, found

    @api.model
    def _get_own_email_sql(self, model):
        """Return the record's own address, normalized, and as it was entered; None where it has none."""
        names = [model._mail_get_primary_email_field(), "email_from", "email", "partner_email"]
        for name in names:
            field = model._fields.get(name)
            if field and field.store and field.type == "char":
                raw = SQL("btrim(COALESCE(%s, ''))", SQL.identifier("t", name))
                normalized = model._fields.get("email_normalized")
                if normalized and normalized.store:
                    return SQL("NULLIF(%s, '')", SQL.identifier("t", "email_normalized")), raw
                return SQL("lower(substring(%s from %s))", raw, FOUND), raw
        return None

    @api.model
    def _get_contact_join_sql(self, model):
        """Return the join of the contact of a record as ``contact``; empty where it has none."""
        if model._name == "res.partner":
            return SQL()
        for name in model._mail_get_partner_fields():
            field = model._fields.get(name)
            if field and field.store and field.type == "many2one" and field.comodel_name == "res.partner":
                return SQL("LEFT JOIN res_partner contact ON contact.id = %s", SQL.identifier("t", name))
        return SQL()

    # ------------------------------------------------------------
    # Opt-outs
    # ------------------------------------------------------------

    def _get_named_lists(self):
        """Return the mailing lists that the filter names: who opted out of those has opted out of what it sends.

        :return: ids of mailing.list
        :rtype: list[int]
        """
        env = self._get_run_env()
        model = env[self._get_target()]
        if model._name != "mailing.contact":
            return []
        domain = self._parse_filter(self._get_workflow().domain, env)
        return sorted(
            {
                res_id
                for field, ids in self._find_references(model, domain)
                if field.comodel_name == "mailing.list"
                for res_id in ids
            }
        )
