"""Colleagues whom steps are about: to whom records are assigned, who gets a task, whom a step tells something.

Who is next in turn is read from what was done: the last trace of the step says who it was. Nothing is counted, so that
what was rolled back has not happened. A step with several people is executed by one lane at a time, which sees what the
last one did; the others do something else meanwhile.
"""

from odoo import _, api, fields, models
from odoo.tools import SQL

FEW = 5  # records that somebody is told of one by one when a batch brings them


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    person_ids = fields.Many2many(
        "res.users",
        "marketing_activity_person_rel",
        string="People",
        domain=[("share", "=", False)],
        context={"active_test": False},
    )
    whom = fields.Selection(
        [("record", "Who is responsible for the record"), ("people", "People of your choice")],
        string="For",
        default="people",
    )

    # ------------------------------------------------------------
    # What is refused, or lost
    # ------------------------------------------------------------

    def _find_people_problems(self, ids):
        """Return in words who cannot be one of the people of this step, or is gone.

        :param list ids: of res.users
        :rtype: list[str]
        """
        users = self.env["res.users"].sudo().browse(ids or [])
        return [
            _(
                "“%(activity)s”: %(person)s is archived, or no employee. Choose somebody else.",
                activity=self.name,
                person=user.name,
            )
            for user in users.exists()
            if not user.active or user.share
        ]

    def _find_people_loss(self, ids):
        """Return in words that nobody is left of the people of this step, or None."""
        if self._get_people(ids):
            return None
        return _("“%s”: the people whom it is about were all archived or deleted. Choose others.", self.name)

    @api.model
    def _get_people(self, ids):
        """Return the active employees among users, in the order in which they have their turn; as superuser."""
        users = self.env["res.users"].sudo().browse(sorted(ids or [])).exists()
        return users.filtered(lambda user: user.active and not user.share)

    def _find_responsible_error(self):
        """Return in words that a record of the target has no responsible, as a list."""
        if self.model_name not in self.env or self._has_responsible(self.env[self.model_name]):
            return []
        target = self.env["ir.model"].sudo()._get(self.model_name).name
        words = _("“%(activity)s”: nobody is responsible for a “%(model)s” in Odoo.", activity=self.name, model=target)
        return [words]

    @api.model
    def _has_responsible(self, model):
        field = model._fields.get("user_id")
        return bool(field and field.type == "many2one" and field.comodel_name == "res.users")

    def _name_people(self, ids):
        """Return the names of people, as a reader may know them."""
        users = self.env["res.users"].sudo(False).browse(ids or []).exists()._filtered_access("read")
        return ", ".join(users.mapped("name")) or _("somebody")

    # ------------------------------------------------------------
    # For the engine
    # ------------------------------------------------------------

    @api.model
    def _get_turns_lock(self, step):
        """Return the name of the lock of a step whose people have their turn; None where there is one person."""
        return f"turns {step.id}" if len(step.settings["people"] or []) > 1 else None

    def _take_turns(self, traces, people, companies):
        """Return whose turn it is for each trace, by its id; of several people, the next who works for its company.

        :param traces: of this step, in any order
        :param people: res.users, at least one
        :param dict companies: the id of the company that each record belongs to, if any, by res_id
        :return: res.users by trace id; an empty record where none of them works for that company
        """
        ids = people.ids
        last = self._get_last_turn()
        following = ids.index(last) + 1 if last in ids else next((i for i, id_ in enumerate(ids) if id_ > last), 0)
        works_for = {user.id: set(user.company_ids.ids) for user in people}
        turns = {}
        for trace in traces.sorted("id"):
            company_id = companies.get(trace.res_id)
            turns[trace.id] = people.browse()
            for offset in range(len(ids)):
                index = (following + offset) % len(ids)
                if not company_id or company_id in works_for[ids[index]]:
                    turns[trace.id] = people.browse(ids[index])
                    following = index + 1
                    break
        return turns

    def _get_last_turn(self):
        """Return the id of the user whose turn it was last, or 0."""
        rows = self.env.execute_query(
            SQL(
                # by the index on (activity_id, state, done_date)
                """
                SELECT end_params->'user_id' FROM marketing_trace
                 WHERE activity_id = %s AND state = 'processed' AND is_test IS NOT TRUE
                   AND end_params->'user_id' IS NOT NULL
              ORDER BY done_date DESC, id DESC LIMIT 1
                """,
                self.id,
            )
        )
        return rows[0][0] if rows else 0

    @api.model
    def _get_record_companies(self, records):
        """Return the id of the company of each record, by its id; none where it belongs to all."""
        field = records._fields.get("company_id")
        if not field or field.comodel_name != "res.company":
            return {}
        return {record.id: record.company_id.id for record in records.sudo()}
