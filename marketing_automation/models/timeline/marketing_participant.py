"""What became of one participant, step by step, and what it still waits for: all that its form shows."""

from collections import Counter

from odoo import _, api, fields, models

from ...engine.workflow import decide

LATEST = 200  # steps that the timeline shows: who comes round every day for years has thousands


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    # the steps of this participant, as a tree; no help: the form would show it as a tooltip over all of it
    timeline_data = fields.Json(compute="_compute_timeline_data")

    def _compute_timeline_data(self):
        for participant in self:
            participant.timeline_data = bool(participant.ids) and participant._get_timeline(fields.Datetime.now())

    def _get_timeline(self, now):
        """Return the latest steps of this participant as a tree, in order of time, and how many there are before them.

        Neither the number of queries nor what is read depends on how many steps there are.

        :param datetime now: UTC
        :rtype: dict
        """
        self.ensure_one()
        # each time that somebody comes round begins anew: a loop without end is no tree without end
        latest, came = self._get_latest_traces()
        earlier = came.total()
        shown = latest
        if earlier:  # what is still to come shows anyway
            shown |= shown.search([("participant_id", "=", self.id), ("state", "=", "scheduled")])
        branches = shown.grouped(
            lambda trace: (trace.parent_id & shown).filtered(lambda parent: parent.visit == trace.visit)
        )
        numbers = {}
        for trace in latest.sorted("visit"):
            came[trace.activity_id.id] += 1
            numbers[trace.id] = came[trace.activity_id.id]
        facts = shown._get_facts()
        waits = self._get_waits(shown, facts, now)
        events = shown._get_shown_events()
        refusals = shown._explain_handovers()

        def grow(parent):
            traces = branches.get(parent, parent.browse()).sorted(lambda trace: trace._get_timeline_rank())
            steps = [
                dict(
                    trace._prepare_timeline_step(facts.get(trace.id), waits, events.get(trace.id, [])),
                    visit=self._get_visit_words(numbers.get(trace.id, 1)),
                    **({"note": refusals[trace.id]} if trace.id in refusals else {}),
                    children=grow(trace),
                )
                for trace in traces
            ]
            return steps + [wait["step"] for wait in waits.get(parent.id, [])]

        return {
            "is_test": self.is_test,
            "run": _("%s in this campaign", self.run_words) if self.run_words else "",
            "can_write": self.campaign_id.has_access("write"),
            "is_paused": not self.is_test
            and self.campaign_id.state != "running"
            and (self.state == "running" or bool(waits)),
            "steps": grow(self.env["marketing.trace"]),
            "earlier": earlier,
        }

    def _get_latest_traces(self):
        """Return the latest traces of this participant.

        :return: marketing.trace, and Counter of those before them by the id of their activity
        """
        traces, mine = self.env["marketing.trace"], [("participant_id", "=", self.id)]
        latest = traces.search(mine, order="id desc", limit=LATEST + 1)
        if len(latest) <= LATEST:
            return latest.sorted("id"), Counter()
        latest = latest[:LATEST].sorted("id")
        groups = traces._read_group([*mine, ("id", "<", latest[0].id)], ["activity_id"], ["__count"])
        return latest, Counter({activity.id: count for activity, count in groups})

    @api.model
    def _get_visit_words(self, number):
        """Return how often the participant has come to a step, in words; an empty text for the first time."""
        if number < 2:
            return ""
        if number % 100 in (11, 12, 13):
            return _("%sth time", number)
        return {1: _("%sst time", number), 2: _("%snd time", number), 3: _("%srd time", number)}.get(
            number % 10, _("%sth time", number)
        )

    def _is_over(self):
        """Tell whether nothing can happen to this participant any more, whatever comes."""
        return self.state == "unlinked" or bool(self.end_code)

    def _get_waits(self, traces, facts, now):
        """Return the steps that this participant has not come to yet, but may from where it is.

        :param traces: marketing.trace of this participant, on which something may wait
        :param dict facts: :class:`Facts` by trace id, of those that were executed
        :param datetime now: UTC
        :return: by trace id, what waits on it: the ``event`` that it waits for, and the ``step`` to show
        :rtype: dict[int, list[dict]]
        """
        if self._is_over() or not (self.is_test or self.campaign_id.workflow):
            return {}
        # its zone may be that of a user or a company whom the reader may not see
        campaign = (self.campaign_id._for_test() if self.is_test else self.campaign_id).sudo()
        workflow = campaign._get_workflow()
        triggers = self.env["marketing.activity"]._get_triggers()
        activities = self.campaign_id.with_context(active_test=False).marketing_activity_ids.grouped("id")
        taken = {(trace.activity_id.id, trace.visit) for trace in traces}
        clock, waits = campaign._get_clocks([self.res_id], now).get(self.res_id), {}
        for trace in traces:
            for step, edge in workflow.ways(trace.activity_id.id) if trace.id in facts else ():
                trigger = triggers.get(step.trigger_type)
                if edge.repeats or (step.id, trace.visit) in taken or step.id not in activities or not trigger:
                    continue
                decision = decide(step, trigger, facts[trace.id], clock)
                happened = bool(facts[trace.id].get_moment(step, trigger))
                wait = activities[step.id]._prepare_timeline_wait(trace, trigger, decision, happened, now)
                waits.setdefault(trace.id, []).append({"event": trigger.event, "step": wait})
        return waits
