"""Update: what a changed workflow means for those who are inside.

It replaces the workflow that runs, then goes through the participants in chunks, in the
user's transaction first and by the enrolment cron where they are many; until it has seen all
of them the campaign executes nothing. What was executed stays, and nothing runs twice.
"""

from collections import Counter
from dataclasses import asdict, replace

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..workflow import CANCEL, SCHEDULE, Step, Workflow, decide
from .checked_values import shorten

CHUNK = 2_000  # participants of one transaction
LAST_ID = 2**31 - 1
TIMING = ("trigger_type", "bounce_type", "interval_number", "interval_type", "validity_number", "validity_type")
LATE = ("skip", "run")
IN_TURN = "participant_id.id, id"  # of steps that are due at the same moment, who came first goes first


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
            campaign.sudo()._put_workflow_to_work(late)
        return True

    def _put_workflow_to_work(self, late):
        """Have the campaign run its workflow as it is now, for those inside and those who come."""
        now = fields.Datetime.now()
        self._begin_update(late)
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
            "leave": int, "return": int, "changes": [str]}``; ``late`` are those of ``new`` whose moment is past,
            ``changes`` tell in words what has changed since the last Start or Update
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
                left, came_back = campaign._leave(now)
                raise _Undo()
        except _Undo:
            self.env.invalidate_all()
        steps = {}
        for (step_id, what), count in totals.items():
            steps.setdefault(step_id, dict.fromkeys(("new", "late", "rescheduled", "canceled"), 0))[what] = count
        return {"steps": steps, "leave": left, "return": came_back, "changes": changes}

    def _begin_update(self, late):
        """Replace the workflow that runs, and note what that means for participants."""
        new = replace(self._build_workflow(), rests=self._get_rests())
        if not self.workflow:  # the first start
            self.workflow = new.to_json()
            return
        old = self._get_workflow()
        if old.steps != new.steps:
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
        added = set(new.steps) - set(old.steps)
        both = set(new.steps) & set(old.steps)
        moved = {step_id for step_id in both if new.steps[step_id].parent_id != old.steps[step_id].parent_id}
        retimed = {
            step_id
            for step_id in both - moved
            if any(getattr(new.steps[step_id], name) != getattr(old.steps[step_id], name) for name in TIMING)
        }
        changed = {step_id for step_id in both if new.steps[step_id] != old.steps[step_id]}
        parents = {
            workflow.steps[step_id].parent_id
            for workflow in (old, new)
            for step_id in changed | (set(workflow.steps) - both)
        }
        return {
            "old": old.to_json(),
            "removed": sorted(set(old.steps) - set(new.steps)),
            "moved": sorted(moved),
            "fresh": sorted(added | moved),
            "retimed": sorted(retimed),
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
                """SELECT id FROM marketing_participant
                    WHERE campaign_id = %s AND id > %s AND id <= %s AND is_test IS NOT TRUE
                      AND state != 'unlinked' AND summed_date IS NULL
                 ORDER BY id LIMIT %s FOR NO KEY UPDATE""",
                self.id,
                job["after"],
                job.get("until") or LAST_ID,
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
        """Have the participants hold the values of the new field; of those that share one, the first."""
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
                  FROM (SELECT DISTINCT ON (a.key) q.id, a.key
                          FROM (%(records)s) AS a (id, key)
                          JOIN marketing_participant q ON q.res_id = a.id
                         WHERE q.campaign_id = %(campaign)s AND q.is_test IS NOT TRUE AND a.key IS NOT NULL
                      ORDER BY a.key, q.id) first
                 WHERE p.id = first.id RETURNING p.id
                """,
                records=query.select(SQL.identifier(query.table, "id"), key),
                campaign=self.id,
            )
        )
        self.env.invalidate_all()


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    @api.private
    def _apply_update(self, job, now):
        """Cancel, reschedule and add steps for these locked participants.

        :param dict job: see ``marketing.campaign._begin_update``
        :return: Counter of (activity id, what was done)
        """
        campaign = self.campaign_id
        workflow = campaign._get_workflow()
        traces = self.env["marketing.trace"]
        news, _count = traces._learn_events(self, now)  # what is recorded by now counts for what is new
        pending = [("participant_id", "in", self.ids), ("state", "=", "scheduled")]
        removed = traces.search([*pending, ("activity_id", "in", job["removed"])])
        counts = Counter((trace.activity_id.id, "canceled") for trace in removed)
        removed._end(dict.fromkeys(removed.ids, ("canceled", "step_removed", None)), now)
        traces.search([*pending, ("activity_id", "in", job["moved"])]).unlink()

        changed = {*job["fresh"], *job["retimed"]}
        parent_ids = {workflow.steps[step_id].parent_id for step_id in changed} - {None}
        executed = [("participant_id", "in", self.ids), ("state", "in", ("processed", "error"))]
        parents = traces.search([*executed, ("activity_id", "in", list(parent_ids))], order=IN_TURN)
        for step_id in changed:
            step = workflow.steps[step_id]
            if step.parent_id is None:
                dates = {participant: step.due(participant.date_start, campaign._get_tz()) for participant in self}
                counts += self._plan_root(step, dates, job, now)
            else:
                counts += parents.filtered(lambda trace, step=step: trace.activity_id.id == step.parent_id)._plan_child(
                    step, job, now
                )
        # what else is waited for below them now, or no longer
        others = traces.search([*executed, ("activity_id", "in", job["parents"])], order=IN_TURN)
        (news.exists() | others)._settle(now)
        self._refresh_state(now, campaign._get_awaiting_steps())
        return counts

    def _plan_root(self, step, dates, job, now):
        """Add or reschedule a first step.

        :param dict dates: due date by participant
        """
        counts = Counter()
        traces = self.env["marketing.trace"].search(
            [("participant_id", "in", self.ids), ("activity_id", "=", step.id), ("visit", "=", 1)]
        )
        for trace in traces.filtered(lambda trace: trace.state == "scheduled"):
            date = dates[trace.participant_id]
            if trace.schedule_date != date:
                trace.schedule_date = date
                counts[step.id, "rescheduled"] += 1
        missing = self - traces.participant_id
        new = self.env["marketing.trace"].create(
            [
                {
                    "participant_id": participant.id,
                    "campaign_id": participant.campaign_id.id,
                    "activity_id": step.id,
                    "res_id": participant.res_id,
                    "schedule_date": dates[participant],
                }
                for participant in missing
            ]
        )
        self.env.flush_all()
        return counts + new._count_new(step, new if step.id in job["fresh"] else new.browse(), job, now)


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def _plan_child(self, step, job, now):
        """Add, reschedule or cancel a step below these executed traces, from their facts."""
        counts = Counter()
        campaign = self.campaign_id
        trigger = self.env["marketing.activity"]._get_triggers()[step.trigger_type]
        expected = self._filter_expecting(job["before"].get(str(step.id)))
        children = self.search([("participant_id", "in", self.participant_id.ids), ("activity_id", "=", step.id)])
        by_participant = {child.participant_id: child for child in children}
        facts = self._get_facts()
        scheduled, canceled = [], {}
        for trace in self:
            decision = decide(step, trigger, facts[trace.id], campaign._get_tz())
            child = by_participant.get(trace.participant_id)
            if not child:
                if decision.kind == SCHEDULE:
                    scheduled.append((trace, step.id, decision.date))
            elif child.state == "scheduled":
                if decision.kind == CANCEL:
                    canceled[child.id] = ("canceled", decision.code, None)
                elif decision.kind != SCHEDULE:
                    child.unlink()  # it waits for an event again
                    counts[step.id, "rescheduled"] += 1
                elif (child.schedule_date, child.parent_id) != (decision.date, trace):
                    child.write({"schedule_date": decision.date, "parent_id": trace.id})
                    counts[step.id, "rescheduled"] += 1
        self.env.flush_all()
        self._end(canceled, now)
        counts[step.id, "canceled"] += len(canceled)
        self._spawn(scheduled)
        new = self.search(
            [("parent_id", "in", [trace.id for trace, *_rest in scheduled]), ("activity_id", "=", step.id)]
        )
        unexpected = new.filtered(lambda trace: trace.parent_id not in expected)
        return counts + new._count_new(step, unexpected, job, now)

    def _filter_expecting(self, before):
        """Return those of these executed traces below which a step was to come anyway.

        :param dict before: the step as it was, None for one that is new there
        """
        trigger = before and self.env["marketing.activity"]._get_triggers().get(before["trigger_type"])
        if not trigger:
            return self.browse()
        step, facts, tz = Step(**before), self._get_facts(), self.campaign_id._get_tz()
        return self.filtered(lambda trace: decide(step, trigger, facts[trace.id], tz).kind == SCHEDULE)

    def _count_new(self, step, unexpected, job, now):
        """Count new steps; skip the unexpected ones that are late, unless they are to run."""
        late = unexpected.filtered(lambda trace: trace.schedule_date < now)
        if job["late"] == "skip":
            late._end(dict.fromkeys(late.ids, ("canceled", "too_late", None)), now)
        return Counter({(step.id, "new"): len(self), (step.id, "late"): len(late)})
