from collections import Counter

from odoo import models

from ...engine.workflow import CANCEL, SCHEDULE, Step, decide


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    def _plan_child(self, step, job, now):
        """Add, reschedule or cancel a step below these executed traces, from their facts."""
        counts = Counter()
        campaign = self.campaign_id
        clocks = campaign._get_clocks(self.mapped("res_id"), now) if self else None
        trigger = self.env["marketing.activity"]._get_triggers()[step.trigger_type]
        expected = self._filter_expecting(job["before"].get(str(step.id)))
        children = self.search([("participant_id", "in", self.participant_id.ids), ("activity_id", "=", step.id)])
        by_visit = {(child.participant_id, child.visit): child for child in children}
        facts = self._get_facts()
        scheduled, canceled = [], {}
        for trace in self:
            decision = decide(step, trigger, facts[trace.id], clocks.get(trace.res_id))
            child = by_visit.get((trace.participant_id, trace.visit))
            if not child:
                if decision.kind == SCHEDULE:
                    scheduled.append((trace, step.id, decision.date, trace.visit))
            elif child.state == "scheduled" and not child.waiting_since:  # who waits there has come to it
                if decision.kind == CANCEL:
                    canceled[child.id] = ("canceled", decision.code, None)
                elif decision.kind != SCHEDULE:
                    child.unlink()  # it waits for an event again
                    counts[step.id, "rescheduled"] += 1
                elif (child.due_date or child.schedule_date, child.parent_id) != (decision.date, trace):
                    child._move_to(decision.date, parent_id=trace.id)
                    counts[step.id, "rescheduled"] += 1
        self.env.flush_all()
        self._write_outcomes(canceled, now)
        counts[step.id, "canceled"] += len(canceled)
        self._spawn(scheduled)
        new = self.search(
            [("parent_id", "in", [trace.id for trace, *_rest in scheduled]), ("activity_id", "=", step.id)]
        )
        unexpected = new.filtered(lambda trace: trace.parent_id not in expected)
        return counts + new._count_new(step, unexpected, job, now)

    def _ask_anew(self, job, now):
        """Have those of these waiting steps be asked at once for whom it was changed what they wait for.

        :return: Counter of (activity id, what was done)
        """
        types = self.env["marketing.activity"]._get_types()
        changed = self.filtered(
            lambda trace: trace.state == "scheduled" and trace.activity_id.id in job.get("waits", ())
        )
        changed.write({"schedule_date": now})
        changed.filtered(lambda trace: not types[trace.activity_id.activity_type].waits).write({"waiting_since": False})
        self.env.flush_all()
        return Counter((trace.activity_id.id, "rescheduled") for trace in changed)

    def _filter_expecting(self, before):
        """Return those of these executed traces below which a step was to come anyway.

        :param dict before: the step as it was, None for one that is new there
        """
        trigger = before and self.env["marketing.activity"]._get_triggers().get(before["trigger_type"])
        if not trigger:
            return self.browse()
        # whether it was to come, which no clock changes
        step, facts, tz = Step.from_json(before), self._get_facts(), self.campaign_id._get_tz()
        return self.filtered(lambda trace: decide(step, trigger, facts[trace.id], tz).kind == SCHEDULE)

    def _count_new(self, step, unexpected, job, now):
        """Count new steps; skip the unexpected ones that are late, unless they are to run."""
        late = unexpected.filtered(lambda trace: trace.schedule_date < now)
        if job["late"] == "skip":
            late._write_outcomes(dict.fromkeys(late.ids, ("canceled", "too_late", None)), now)
        return Counter({(step.id, "new"): len(self), (step.id, "late"): len(late)})
