"""What the reference model knows of goal and exit (journeys.md §5)."""

from reference_facts import ACCEPTING, BOUNCES, IMPLIED_BY, is_on_link


class Goals:
    """The part of a campaign that is about its goal and its exits."""

    def _is_outside(self, rid):
        """Does a record not enter, for its goal is reached already, or it would have to leave?"""
        goal, color = self.plan.goal, self.records[rid].color
        reached = goal.colors is not None and not goal.lines and color in goal.colors
        return reached or (goal.exits is not None and color in goal.exits)

    def _look_at_goals(self, participants):
        """At each enrolment: of a goal that is behaviour alone, what happens tells it at once."""
        for participant in participants:
            if self.plan.goal.colors is not None:
                self._look_at_goal(participant)
        for participant in participants:
            if participant.state == "running" and self._must_leave(participant):
                self._leave(participant, "exited")

    def _look_at_goal(self, participant):
        """Has the participant reached the goal? Who was removed no longer can."""
        if participant.goal or participant.state == "unlinked" or not self._has_reached_goal(participant):
            return
        participant.goal = True
        if self.plan.goal.leave and participant.state == "running":
            for trace in participant.traces.values():
                if trace.state == "scheduled":
                    self._move(trace, "canceled", "goal_reached")
            participant.state, participant.left = "completed", "goal_reached"

    def _has_reached_goal(self, participant):
        goal, record = self.plan.goal, self.records.get(participant.rid)
        if not goal.is_set or (goal.colors is not None and (not record or record.color not in goal.colors)):
            return False
        answers = [self._has_done_line(participant, line) for line in goal.lines]
        return not answers or (any(answers) if goal.is_any else all(answers))

    def _has_done_line(self, participant, line):
        """Ever, with any message of the campaign; what is recorded counts, whether the engine has read it or not."""
        names = {"sent": ACCEPTING, "bounce": BOUNCES["any"]}.get(line.event) or IMPLIED_BY[line.event]
        if line.event == "open" and self.proxies:
            names = names | {"machine open"}
        count = 0
        for trace in participant.traces.values():
            happened = [event for _when, event in (*trace.events, *trace.recorded)]
            count += any(event in names and (not line.link or is_on_link(line.link, event)) for event in happened)
        return (count >= line.times) == line.did

    def _must_leave(self, participant):
        record, exits = self.records.get(participant.rid), self.plan.goal.exits
        return bool(record and exits is not None and record.color in exits)
