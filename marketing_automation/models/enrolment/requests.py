"""Requests of other transactions: records are added and removed as these have asked."""

from odoo import _, api, fields, models
from odoo.tools import SQL, clean_context

from ..notices import notify

TAKEN = 500  # requests of one transaction
LOCK = 1_834_022_417  # who takes the requests of a campaign holds this advisory lock, with its id


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.private
    def _find_requested(self):
        """Return the ids of those of these campaigns that were asked to add or to remove records.

        :rtype: set[int]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.id FROM unnest(%s::int[]) AS c (id)
                 WHERE EXISTS (SELECT 1 FROM marketing_entry_request q WHERE q.campaign_id = c.id)
                """,
                self.ids,
            )
        )
        return {row[0] for row in rows}

    @api.private
    def _take_requests(self, now):
        """Do what this campaign was asked for, in that order. One lane at a time does.

        :param datetime now: UTC
        :return: how many requests are done with
        """
        [[is_first]] = self.env.execute_query(SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK, self.id))
        if not is_first or self.state != "running":
            return 0
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, res_id, operation, source, entry_id FROM marketing_entry_request
                 WHERE campaign_id = %s ORDER BY id LIMIT %s
                """,
                self.id,
                TAKEN,
            )
        )
        rows, done = self._find_who_enters(rows)
        busy = set()
        for (operation, source, entry_id), asked in _split_requests(rows):
            res_ids = sorted(asked.keys() - busy)
            if operation == "add" and res_ids:
                entry = self.env["marketing.entry"].browse(entry_id or []).exists()
                source = source or "action"  # of an addon that does not say
                people, _last_id = self._enrol(now, len(res_ids), res_ids=res_ids, source=source, entry=entry)
                self._note_held_up(set(res_ids).difference(people.mapped("res_id")), now, source)
            elif res_ids:
                busy |= self._remove_records(res_ids, now)[1]
            done += [request_id for res_id in asked.keys() - busy for request_id in asked[res_id]]
        if done:
            self.env.execute_query(SQL("DELETE FROM marketing_entry_request WHERE id = ANY(%s) RETURNING id", done))
        return len(done)

    def _find_who_enters(self, rows):
        """Find who is meant by what entries ask: what happened may have happened to another record.

        :param list rows: (id, id of the record, operation, source, id of the entry or None) of each request
        :return: these rows with the ids of records of the target, and the ids of the requests by which nobody enters
        """
        asked = {}
        for _id, res_id, _operation, _source, entry_id in rows:
            if entry_id:
                asked.setdefault(entry_id, set()).add(res_id)
        entries = self.env["marketing.entry"]
        running = {entry.id: entry for entry in self._get_workflow().entries}
        found = {
            entry_id: entries._find_who_enters(self, running[entry_id], sorted(res_ids)) if entry_id in running else {}
            for entry_id, res_ids in asked.items()
        }
        meant, nobody = [], []
        for request_id, res_id, operation, source, entry_id in rows:
            target_id = found[entry_id].get(res_id) if entry_id else res_id
            if target_id:
                meant.append((request_id, target_id, operation, source, entry_id))
            else:
                nobody.append(request_id)
        return meant, nobody

    def _add_selected(self, records):
        """Add records that a user has selected, by a server action.

        :param records: of the target, in the user's environment
        :return: an action that tells what became of them
        """
        values = {"model_name": records._name, "res_ids": records.ids, "campaign_id": self.id}
        dialogs = self.env["marketing.campaign.enroll"].with_context(clean_context(self.env.context))
        return dialogs.create(values)._enroll_from("action")

    def _remove_selected(self, records):
        """Remove records that a user has selected, by a server action: at once, or when who works on them is done.

        :param records: of the target, in the user's environment
        :return: an action that tells how many
        """
        readable = records.exists()._filtered_access("read")
        campaign = self.sudo()
        removed, busy = campaign._remove_records(readable.ids, fields.Datetime.now())
        self.env["marketing.entry.request"].sudo().request("remove", campaign, sorted(busy))
        message = _("%(count)s record(s) removed from “%(name)s”.", count=len(removed | busy), name=self.name)
        return notify("success", message)

    @api.private
    def _remove_records(self, res_ids, now):
        """Remove records that are inside, as far as nobody works on them.

        Who has completed the workflow, and waits for nothing that could bring more messages, stays Completed.

        :param list res_ids: ids of records of the target
        :param datetime now: UTC
        :return: the ids of those that were removed, and of those that somebody works on
        :rtype: tuple[set[int], set[int]]
        """
        self.env.flush_all()
        inside = SQL(
            """
            SELECT p.id, p.res_id FROM marketing_participant p
             WHERE p.campaign_id = %s AND p.res_id = ANY(%s) AND p.is_test IS NOT TRUE AND p.state != 'unlinked'
               AND (p.state = 'running' OR EXISTS (
                    SELECT 1 FROM marketing_trace t
                     WHERE t.participant_id = p.id AND (t.state = 'scheduled' OR t.wait_until IS NOT NULL)))
            """,
            self.id,
            list(res_ids),
        )
        wanted = self.env.execute_query(inside)
        free = self.env.execute_query(SQL("%s FOR NO KEY UPDATE SKIP LOCKED", inside)) if wanted else []
        participants = self.env["marketing.participant"].browse(row[0] for row in free)
        participants._remove("removed_by_action", now)
        removed = {res_id for _id, res_id in free}
        return removed, {res_id for _id, res_id in wanted} - removed


def _split_requests(rows):
    """Split requests into pieces that are each done at once, such that those of a record keep their order.

    What was asked twice of a record, without anything between, is done once.

    :param list rows: (id, id of the record, operation, source, id of the entry or None) in order
    :return: of each piece: the last three, and the ids of the requests by the id of their record
    """
    pieces, reached = [], {}
    for request_id, res_id, *key in rows:
        position = reached.get(res_id, 0)
        while position < len(pieces) and pieces[position][0] != tuple(key):
            position += 1
        if position == len(pieces):
            pieces.append((tuple(key), {}))
        pieces[position][1].setdefault(res_id, []).append(request_id)
        reached[res_id] = position
    return pieces
