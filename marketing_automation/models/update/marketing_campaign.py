"""Update: what a changed workflow means for those who are inside.

It replaces the workflow that runs, then goes through the participants in chunks, in the
user's transaction first and by the enrolment cron where they are many; until it has seen all
of them the campaign executes nothing. What was executed stays, and nothing runs twice.
"""

from collections import Counter
from dataclasses import asdict, replace

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...engine.workflow import Workflow
from ..guards.marketing_checked_mixin import shorten
from ..runtime.marketing_participant import IS_LAST_RUN

CHUNK = 2_000  # participants of one transaction
LAST_ID = 2**31 - 1
TIMING = (
    "trigger_type",
    "bounce_type",
    "link_filter",
    "branch",
    "interval_number",
    "interval_type",
    "validity_number",
    "validity_type",
    "time_of_day",
)
LEAVING = ("ignore_sending_hours", "best_time")
LATE = ("skip", "run")


def _says_otherwise(old, new):
    """Tell whether a step does something else, whenever it comes."""
    return (old.activity_type, old.said) != (new.activity_type, new.said)


def _says_when(workflow):
    """Return when messages of a workflow leave, and by whose clock."""
    return workflow.sending_calendar_id, workflow.tz_mode


class _Undo(Exception):
    """Ends a preview."""


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    update_job = fields.Json(readonly=True, copy=False, help="What an Update still has to do, for many participants.")

    def action_update_participants(self, late="skip"):
        """Have a running campaign execute its workflow and filter as they are now.

        :param str late: what becomes of new steps whose moment is past for somebody already:
            ``skip`` them, so that nobody is surprised, or ``run`` them now
        :raise UserError: when it does not run, or naming everything that is wrong with it
        """
        if late not in LATE:
            raise UserError(_("Late steps are either skipped or run, not “%s”.", shorten(late)))
        for campaign in self:
            campaign.check_access("write")
            if campaign.state != "running":
                raise UserError(_("The campaign “%s” does not run: Start takes its workflow as it is.", campaign.name))
            run_as = campaign._get_run_as_candidate()
            campaign._check_can_run(run_as)
            campaign.sudo().run_as_id = run_as
            campaign.sudo()._publish_workflow(late)
        return True

    def _publish_workflow(self, late, past_days=None):
        """Have the campaign run its workflow as it is now, for those inside and those who come.

        :param past_days: at Start: how far back dates are looked at; None at an Update
        """
        now = fields.Datetime.now()
        updates = past_days is None and self.workflow
        before = {entry.id: entry for entry in self._get_workflow().entries} if updates else {}
        steps = self._get_workflow().steps if self.workflow else {}
        self._begin_update(late)
        self._begin_experiments(steps, now)
        self._begin_entries(before, now, past_days or 0)
        self._plan_look_at_waits(now)
        self._sync_first_chunk(now)
        self._wake_lanes()

    def action_open_update(self):
        """Open the dialog that tells what Update would do, and does it."""
        self.ensure_one()
        self._check_can_run(self._get_run_as_candidate())
        return {
            "name": _("Update"),
            "type": "ir.actions.act_window",
            "res_model": "marketing.campaign.update",
            "view_mode": "form",
            "target": "new",
            "context": {"default_campaign_id": self.id},
        }

    def get_update_preview(self):
        """Tell in numbers what Update would do, by doing it and undoing it.

        :return: ``{"steps": {activity id: {"new", "late", "rescheduled", "canceled": int}},
            "leave": int, "return": int, "again": int, "changes": [str]}``; ``late`` are those of ``new`` whose moment
            is past, ``again`` is how many begin anew who were in before, ``changes`` tell in words what has changed
            since the last Start or Update
        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        campaign, now = self.sudo(), fields.Datetime.now()
        totals, changes = Counter(), campaign._get_changes()
        try:
            with self.env.cr.savepoint():
                campaign.run_as_id = self._get_run_as_candidate()
                campaign._begin_update("run")
                while campaign.update_job:
                    totals += campaign._update_chunk(now)
                again = campaign._count_returners(now)
                left, came_back = campaign._remove_unmatched_participants(now)
                raise _Undo()
        except _Undo:
            self.env.invalidate_all()
        steps = {}
        for (step_id, what), count in totals.items():
            steps.setdefault(step_id, dict.fromkeys(("new", "late", "rescheduled", "canceled"), 0))[what] = count
        return {"steps": steps, "leave": left, "return": came_back, "again": again, "changes": changes}

    def _begin_update(self, late):
        """Replace the workflow that runs, and note what that means for participants."""
        new = replace(self._build_workflow(), rests=self._get_rests())
        if not self.workflow:  # the first start
            self.workflow = new.to_json()
            return
        old = self._get_workflow()
        if (old.steps, set(old.edges)) != (new.steps, set(new.edges)) or _says_when(old) != _says_when(new):
            jobs = [self._prepare_update_job(*origin, new, late) for origin in self._get_update_origins(old)]
            self.update_job = dict(jobs[0], next=jobs[1:])
        self.workflow = new.to_json()
        if old.unique_field != new.unique_field:
            self._rewrite_unicity_keys()

    def _get_update_origins(self, current):
        """Return from which workflow the participants come, in ranges of their ids.

        Where an Update before this one is not finished, those whom it has not reached are still at the one before it.

        :param Workflow current: what runs
        :return: (after which id, until which or None, workflow) of each
        """
        if not self.update_job:
            return [(0, None, current)]
        jobs = [self.update_job, *self.update_job.get("next", [])]
        reached = jobs[0]["after"]
        return [
            *([(0, reached, current)] if reached else []),
            # an Update that an earlier version of this addon began does not say from where
            *(
                (job["after"], job.get("until"), Workflow.from_json(job["old"]) if "old" in job else current)
                for job in jobs
            ),
        ]

    def _prepare_update_job(self, after, until, old, new, late):
        """Return what a changed workflow means for the participants whose ids are in a range.

        :param int after: the range begins after this id
        :param until: the last id of the range, None for all that follow
        :param Workflow old: the one that they come from
        :param Workflow new: the one that runs from now on
        """
        types = self.env["marketing.activity"]._get_types()
        has_other_clock = old.tz_mode != new.tz_mode
        added = set(new.steps) - set(old.steps)
        both = set(new.steps) & set(old.steps)
        moved = {step_id for step_id in both if new.steps[step_id].parent_id != old.steps[step_id].parent_id}
        retimed = {
            step_id
            for step_id in both - moved
            if any(getattr(new.steps[step_id], name) != getattr(old.steps[step_id], name) for name in TIMING)
            or (has_other_clock and new.steps[step_id].follows_clock)
        }
        changed = {step_id for step_id in both if new.steps[step_id] != old.steps[step_id]}
        rewired = set(old.edges) ^ set(new.edges)
        parents = {
            edge.source
            for workflow in (old, new)
            for edge in workflow.edges
            if edge in rewired or edge.target in changed | (set(workflow.steps) - both)
        }
        return {
            "old": old.to_json(),
            "removed": sorted(set(old.steps) - set(new.steps)),
            "moved": sorted(moved),
            "fresh": sorted(added | moved),
            "retimed": sorted(retimed),
            "waits": sorted(
                step_id
                for step_id in both
                if _says_otherwise(old.steps[step_id], new.steps[step_id])
                or (has_other_clock and types[new.steps[step_id].activity_type].waits)
            ),
            "hours": sorted(
                step_id
                for step_id in both
                if _says_when(old) != _says_when(new)
                or any(getattr(old.steps[step_id], name) != getattr(new.steps[step_id], name) for name in LEAVING)
            ),
            "before": {str(step_id): asdict(old.steps[step_id]) for step_id in retimed},
            "parents": sorted(parents - {None}),
            "late": late,
            "after": after,
            "until": until,
            "next": [],
        }

    def _continue_update(self, now):
        """Go on with an Update, by one chunk.

        :return: whether there is more to do
        """
        if self.update_job:
            self._update_chunk(now)
        return bool(self.update_job)

    def _update_chunk(self, now):
        """Do for the next participants what the Update means.

        :return: Counter of (activity id, what was done)
        """
        job = self.update_job
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM marketing_participant p
                    WHERE campaign_id = %s AND id > %s AND id <= %s AND is_test IS NOT TRUE
                      AND state != 'unlinked' AND end_code IS NULL AND summed_date IS NULL AND %s
                 ORDER BY id LIMIT %s FOR NO KEY UPDATE""",
                self.id,
                job["after"],
                job.get("until") or LAST_ID,
                IS_LAST_RUN,
                CHUNK,
            )
        )
        participants = self.env["marketing.participant"].browse(row[0] for row in rows)
        counts = participants._apply_update(job, now) if participants else Counter()
        if len(participants) == CHUNK:
            self.update_job = dict(job, after=participants[-1].id)
        else:
            following = job.get("next")
            self.update_job = dict(following[0], next=following[1:]) if following else False
        self.env.flush_all()
        return counts

    def _rewrite_unicity_keys(self):
        """Have the participants hold the values of the new field; of those that share one, the first of each run."""
        self.env.flush_all()
        self.env.execute_query(
            SQL("UPDATE marketing_participant SET unicity_key = NULL WHERE campaign_id = %s RETURNING id", self.id)
        )
        if not self._get_workflow().unique_field or self._get_target() not in self.env:
            return
        model = self.env[self._get_target()].sudo().with_context(active_test=False)
        query = model._search([])
        key = self._get_unicity_sql(model, query)
        self.env.execute_query(
            SQL(
                """
                UPDATE marketing_participant p SET unicity_key = first.key
                  FROM (SELECT DISTINCT ON (a.key, q.run) q.id, a.key
                          FROM (%(records)s) AS a (id, key)
                          JOIN marketing_participant q ON q.res_id = a.id
                         WHERE q.campaign_id = %(campaign)s AND q.is_test IS NOT TRUE AND a.key IS NOT NULL
                      ORDER BY a.key, q.run, q.id) first
                 WHERE p.id = first.id
             RETURNING p.id
                """,
                records=query.select(SQL.identifier(query.table, "id"), key),
                campaign=self.id,
            )
        )
        self.env.invalidate_all()
