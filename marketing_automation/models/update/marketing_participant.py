from collections import Counter

from odoo import api, models

IN_TURN = "participant_id.id, id"  # of steps that are due at the same moment, who came first goes first


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
        news, _count = traces._apply_events(self, now)  # what is recorded by now counts for what is new
        pending = [("participant_id", "in", self.ids), ("state", "=", "scheduled")]
        removed = traces.search([*pending, ("activity_id", "in", job["removed"])])
        counts = Counter((trace.activity_id.id, "canceled") for trace in removed)
        removed._write_outcomes(dict.fromkeys(removed.ids, ("canceled", "step_removed", None)), now)
        waiting = traces.search([*pending, ("waiting_since", "!=", False)])
        (traces.search([*pending, ("activity_id", "in", job["moved"])]) - waiting).unlink()
        counts += waiting._ask_anew(job, now)

        changed = {*job["fresh"], *job["retimed"]}
        parent_ids = {workflow.steps[step_id].parent_id for step_id in changed} - {None}
        executed = [("participant_id", "in", self.ids), ("state", "in", ("processed", "error"))]
        parents = traces.search([*executed, ("activity_id", "in", list(parent_ids))], order=IN_TURN)
        clocks = campaign._get_clocks(self.mapped("res_id"), now)
        for step_id in changed:
            step = workflow.steps[step_id]
            if step.parent_id is None:
                dates = {
                    participant: step.due(participant.date_start, clocks.get(participant.res_id))
                    for participant in self
                }
                counts += self._plan_root(step, dates, job, now)
            else:
                counts += parents.filtered(lambda trace, step=step: trace.activity_id.id == step.parent_id)._plan_child(
                    step, job, now
                )
        # what else is waited for below them now, or no longer
        others = traces.search([*executed, ("activity_id", "in", job["parents"])], order=IN_TURN)
        (news.exists() | others)._schedule_children(now)
        held = traces.search([*pending, ("activity_id", "in", job.get("hours", [])), ("due_date", "!=", False)])
        counts += held._hold_anew(now)
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
        for trace in traces.filtered(lambda trace: trace.state == "scheduled" and not trace.waiting_since):
            date = dates[trace.participant_id]
            if (trace.due_date or trace.schedule_date) != date:
                trace._move_to(date)
                counts[step.id, "rescheduled"] += 1
        missing = self - traces.participant_id
        self.env.flush_all()
        new = traces._insert_traces([(participant.id, step.id, dates[participant], 1, None) for participant in missing])
        return counts + new._count_new(step, new if step.id in job["fresh"] else new.browse(), job, now)
