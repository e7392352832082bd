"""What a campaign will do in the next weeks: simulated, without sending or writing anything."""

from datetime import timedelta

from odoo import _, fields, models

from ...engine.errors import CampaignStop
from ...engine.forecast import COMPLETED, CONVERTED, INSIDE, MESSAGES, Person, Plan
from ...engine.forecast_band import Group, forecast
from ...engine.warm_up import WarmUp
from ...engine.zones import day_starts, local_times
from ..numbers import format_number

DAYS = 42
SHOWN = (MESSAGES, INSIDE, COMPLETED, CONVERTED)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_open_forecast(self):
        """Open the forecast of this campaign in a dialog."""
        self.ensure_one()
        self.check_access("read")
        return {
            "name": _("Forecast of “%s”", self.name),
            "type": "ir.actions.client",
            "tag": "marketing_forecast",
            "target": "new",
            "params": {"campaign_id": self.id},
        }

    def get_forecast(self, rates=None):
        """Tell what this campaign will do in the next weeks; of one that does not run, what it would from now on.

        Nothing is sent or written. The same campaign gives the same answer at the same moment.

        :param dict rates: what to take for true instead of what is known: by the key of a rate, a share from 0 to 1;
            of ``newcomers``, how many enter a day
        :return: ``problems`` (in words, what keeps it from running; then nothing else), ``days`` (ISO), ``numbers``
            (by what is counted, of each day a value, and a low and a high one), ``steps`` (the messages of each),
            ``past`` (the messages of days that are over), ``rates`` (with what is known of each, in words), ``people``
            (how many are inside and enter), ``has_goal``, ``notes`` (in words, what holds messages back)
        :rtype: dict
        :raise UserError: for a rate that is none
        """
        self.ensure_one()
        self.check_access("read")
        given = self._check_forecast_rates(rates)
        user = self._get_run_as_candidate()
        is_running = self.state == "running"
        problems = [] if is_running else self._get_run_errors(user)
        if problems:
            return {"problems": problems}
        # sudo: what is told are numbers of a campaign that the user reads; its records are asked as its own user
        campaign = self.sudo() if is_running else self._as_described(user)
        try:
            return campaign._simulate(given, self._collect_forecast_numbers(campaign), fields.Datetime.now())
        except CampaignStop as stop:
            return {"problems": [str(stop)]}

    def _simulate(self, given, numbers, now):
        """Return the forecast; see :meth:`get_forecast`.

        :param dict given: rates that hold, by key
        :param numbers: what campaigns have counted, see :meth:`_collect_forecast_numbers`
        :param datetime now: UTC
        """
        workflow = self._apply_winners(self._get_workflow())
        tz = self.env.user.tz or "UTC"
        today = local_times(tz, [now])[0].date()
        starts = day_starts(tz, today, today + timedelta(days=DAYS))
        _records, entering, _shared = self._count_audience()
        due = [] if "newcomers" in given else self._foresee_due(now, starts[-1])
        newcomers, doubt, newcomers_words = self._foresee_newcomers(given, entering, now)
        sample = self._sample_entering(entering, now)
        chances, told = self._get_chances(given, numbers, sample)
        plan = self._get_plan(workflow, chances, now)
        inside = self.running_participant_count
        people = tuple(self._read_people(sample, plan, now).values()) if sample else (Person(),)
        groups = [
            Group("inside", inside, self._sample_inside(inside, plan, now)),
            Group("entering", entering, people),
            Group("new", newcomers * DAYS, people, now, starts[-1], doubt),
            *(Group(f"due {day}", count, people, moment, moment) for day, count, moment in due),
        ]
        found = forecast(plan, groups, now, starts, self.id)
        if due:
            newcomers_words = _("from the dates of their records")
        nothing = [(0.0, 0.0, 0.0)] * DAYS
        names = {activity.id: activity.name for activity in self.marketing_activity_ids}
        newcomers_rate = {
            **{"key": "newcomers", "label": _("Newcomers a day")},
            "value": round(newcomers + sum(count for _day, count, _moment in due) / DAYS, 2),
            **{"source": newcomers_words, "is_share": False, "is_given": "newcomers" in given},
        }
        return {
            "problems": [],
            "days": [fields.Date.to_string(today + timedelta(days=day)) for day in range(DAYS)],
            "numbers": {what: _round(found.get(what, nothing)) for what in SHOWN},
            "steps": [
                {
                    "id": step_id,
                    "name": names.get(step_id, ""),
                    "messages": _round(found.get((MESSAGES, step_id), nothing)),
                }
                for step_id in plan.channels
            ],
            "past": self._get_past_messages(plan.channels, today) if self.state == "running" else [],
            "rates": [*told, newcomers_rate],
            "people": {"inside": inside, "entering": entering},
            "has_goal": plan.has_goal,
            "notes": self._describe_forecast(plan),
        }

    def _get_plan(self, workflow, chances, now):
        """Return the :class:`Plan` that is simulated."""
        types = self.env["marketing.activity"]._get_types()
        channels = {
            step.id: types[step.activity_type].mailing_type
            for step in workflow.steps.values()
            if types[step.activity_type].sends
        }
        hours = None
        if workflow.sending_calendar_id:
            hours = self._read_sending_hours(workflow.sending_calendar_id, now, self._get_run_user())
        caps = {channel: self._get_cap(channel) for channel in set(channels.values())} if not self.ignore_cap else {}
        limit = self._get_warm_up() or (
            WarmUp(self.hourly_limit, 100, self.hourly_limit) if self.hourly_limit > 0 else None
        )
        return Plan(
            workflow=workflow,
            triggers=self.env["marketing.activity"]._get_triggers(),
            channels=channels,
            tz=self._get_tz(),
            chances=chances,
            hours=hours,
            limit=limit,
            warm_up_began=self.warm_up_date or now,
            caps={channel: cap for channel, cap in caps.items() if cap},
            has_goal=self._has_goal(workflow),
        )

    def _get_past_messages(self, step_ids, today):
        """Return how many messages went out on each of the last days.

        :return: (day in ISO, how many), in order, since the first of them
        :rtype: list[tuple[str, int]]
        """
        activities = self.env["marketing.activity"].browse(step_ids)
        sums = {}
        for states in activities._get_daily_numbers("month").values():
            for day, number in states["processed"].items():
                sums[day] = sums.get(day, 0) + number
        if not sums:
            return []
        first = min(fields.Date.to_date(min(sums)), today)
        days = [fields.Date.to_string(first + timedelta(days=number)) for number in range((today - first).days + 1)]
        return [(day, sums.get(day, 0)) for day in days]

    def _describe_forecast(self, plan):
        """Return in words what holds messages back in a forecast, as a list."""
        notes = []
        if plan.hours:
            notes.append(_("Sending hours: %s.", self._get_hours_name(plan.workflow.sending_calendar_id)))
        if plan.limit:
            warm_up = self._get_warm_up() and self._tell_warm_up(fields.Datetime.now())
            notes.append(_("Messages per hour: %s", warm_up or f"{format_number(self.env, self.hourly_limit)}."))
        for channel, cap in plan.caps.items():
            most = _(
                "%(limit)s %(messages)s in %(days)s",
                limit=cap.limit,
                messages=self._get_channel_labels().get(channel, channel),
                days=self._describe_days(cap.days),
            )
            notes.append(_("At most to one address: %s.", most))
        return notes


def _round(band):
    return [[round(number, 1) for number in numbers] for numbers in band]
