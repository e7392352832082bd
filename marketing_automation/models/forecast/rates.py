"""How likely people do what: from the campaign's own history, from that of others, or a guess; in words, too."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...engine.forecast_chances import DEFAULTS, GOAL_TIMES, OPEN_TIMES, PRIOR, Chances, Rate
from ..activity.statistics import BRANCH
from ..guards.marketing_checked_mixin import shorten
from ..numbers import format_number

EVENTS = ("open", "click", "reply", "bounce")
SHARES = (*EVENTS, "conversion")
BRANCHES = {"condition": ("yes", "no"), "wait": ("done", "timeout")}
MOST_RATES = 200
MOST_NEWCOMERS = 1_000_000  # a day
LATELY = 28  # days
NEWCOMERS = "newcomers"
HOUR = timedelta(hours=1)


def _words_of_emails():
    return _("email"), _("emails")


def _words_of_people():
    return _("participant"), _("participants")


@dataclass(frozen=True)
class Numbers:
    """What campaigns have counted: of this one by (activity id, metric), of all that somebody sees by metric.

    ``seen`` is how many messages people have had time to open: one that has just left counts for little.
    """

    own: Counter
    all: Counter


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _check_forecast_rates(self, rates):
        """Return the rates that a caller takes for true, by key.

        :raise UserError: for what is none
        """
        if rates in (None, False):
            return {}
        if not isinstance(rates, dict) or len(rates) > MOST_RATES:
            raise UserError(_("“%s” does not say which rates to take for true.", shorten(rates)))
        keys = {*SHARES, NEWCOMERS} | {
            f"{BRANCHES[activity.activity_type][0]}:{activity.id}"
            for activity in self.marketing_activity_ids
            if activity.activity_type in BRANCHES
        }
        for key, value in rates.items():
            if not isinstance(key, str) or key not in keys:
                raise UserError(_("A forecast has no rate “%s”.", shorten(key)))
            most = MOST_NEWCOMERS if key == NEWCOMERS else 1
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not 0 <= value <= most:  # NaN is neither
                raise UserError(
                    _(
                        "A rate is a number from 0 to %(most)s, not “%(value)s”.",
                        most=format_number(self.env, most),
                        value=shorten(value),
                    )
                )
        return rates

    def _collect_forecast_numbers(self, campaign):
        """Return what this campaign and others have counted, as :class:`Numbers`.

        :param campaign: this one, with the rights of the engine
        """
        seen = self.search([("model_id", "!=", False)])  # with the user's own rights: others' numbers are not told
        steps = campaign.marketing_activity_ids
        types = steps._get_types()
        mailing = [name for name, described in types.items() if described.mailing_type == "mail"]
        # sudo: numbers of steps of campaigns that the user sees
        emails = (
            self.env["marketing.activity"]
            .sudo()
            .search([("campaign_id", "in", seen.ids), ("activity_type", "in", mailing)])
        )
        total, own = Counter(), steps._get_counted_numbers() + steps._get_past_numbers()
        for activity_id, fresh in self._count_fresh(emails, fields.Datetime.now()).items():
            total["seen"] -= fresh
            own[activity_id, "seen"] -= fresh
        for step in steps:
            own[step.id, "seen"] += own[step.id, "sent"]
        for numbers in (emails._get_counted_numbers(), emails._get_past_numbers()):
            for (activity_id, metric), number in numbers.items():
                if activity_id in emails._ids and (metric == "sent" or metric.removeprefix("machine_") in EVENTS):
                    total[metric] += number
        total["seen"] += total["sent"]
        goals = seen.sudo().filtered(lambda one: one._has_goal(one)) | campaign  # sudo: likewise
        total["participant"] = sum(goals.mapped("total_participant_count"))
        total["conversion"] = sum(goals.mapped("goal_count"))
        return Numbers(own, total)

    @api.model
    def _count_fresh(self, emails, now):
        """Return how many of the openings of emails are still to come, as a part of those that were sent, by activity.

        :param emails: marketing.activity
        :param datetime now: UTC
        """
        longest = timedelta(hours=OPEN_TIMES.points[-1][1])
        counted = emails.campaign_id._get_counted_dates_sql(now - longest) if emails else None
        rows = counted and self.env.execute_query(
            SQL(
                """SELECT activity_id, date, sum(number) FROM (%s) AS c (activity_id, date, metric, number)
                    WHERE metric = 'processed' AND activity_id = ANY(%s) GROUP BY 1, 2""",
                counted,
                emails.ids,
            )
        )
        fresh = Counter()
        for activity_id, date, number in rows or ():
            fresh[activity_id] += float(number) * (1 - OPEN_TIMES.get_share(max(0, (now - date) / HOUR)))
        return fresh

    def _count_seasoned(self, now):
        """Return how many participants there are, of those who entered lately the part that had time for the goal."""
        recent = now - timedelta(hours=GOAL_TIMES.points[-1][1])
        rows = self.env.execute_query(
            SQL(
                # by the index of entries and dates
                """SELECT date_trunc('hour', date_start), count(*) FROM marketing_participant
                    WHERE entry_id = ANY(%s) AND date_start > %s AND is_test IS NOT TRUE GROUP BY 1""",
                self.entry_ids.ids,
                recent,
            )
        )
        missing = sum(number * (1 - GOAL_TIMES.get_share(max(0, (now - date) / HOUR))) for date, number in rows)
        return max(self.goal_count, self.total_participant_count - missing)

    def _get_chances(self, given, numbers, sample=()):
        """Return how likely people do what, and what is known of it.

        :param dict given: what holds, by key
        :param Numbers numbers:
        :param sample: ids of records that enter
        :return: the chances; of each rate its key, label, value, and from where it is, in words
        :rtype: tuple[Chances, list[dict]]
        """
        workflow, types = self._get_workflow(), self.env["marketing.activity"]._get_types()
        steps = workflow.steps.values()
        emails = [step for step in steps if types[step.activity_type].mailing_type == "mail"]
        rates, of_steps, told = dict(DEFAULTS), {}, []

        def count(numbers, event, key=lambda metric: metric):
            machines = numbers[key(f"machine_{event}")] if event == "open" and self.count_machine_opens else 0
            return numbers[key(event)] + machines

        labels = self._get_rate_labels()
        sent = sum(numbers.own[step.id, "sent"] for step in emails)
        for event in EVENTS:
            among = "sent" if event == "bounce" else "seen"
            own = sum(count(numbers.own, event, lambda metric, step=step: (step.id, metric)) for step in emails)
            tried = sum(numbers.own[step.id, among] for step in emails)
            others = max(0, count(numbers.all, event) - own), max(0, numbers.all[among] - tried)
            rate = DEFAULTS[event].update(*others).update(own, tried)
            source = self._describe_source(sent, max(0, numbers.all["sent"] - sent), *_words_of_emails())
            rates[event] = self._tell_rate(told, event, labels[event], rate, source, given)
            if event not in given:
                for step in emails:
                    own = count(numbers.own, event, lambda metric, step=step: (step.id, metric))
                    of_steps[event, step.id] = rate.update(own, numbers.own[step.id, among])
        for step in steps:  # what has no opening
            if types[step.activity_type].sends and step not in emails:
                of_steps["open", step.id] = of_steps["reply", step.id] = of_steps["bounce", step.id] = Rate(0.0)
        if self._has_goal(workflow):
            people, reached = self.total_participant_count, self.goal_count
            others = numbers.all["conversion"] - reached, numbers.all["participant"] - people
            rate = DEFAULTS["conversion"].update(*others).update(reached, self._count_seasoned(fields.Datetime.now()))
            source = self._describe_source(people, others[1], *_words_of_people())
            rates["conversion"] = self._tell_rate(told, "conversion", labels["conversion"], rate, source, given)
        for step in steps:
            self._add_step_rates(step, workflow, numbers.own, given, sample, of_steps, told)
        return Chances(rates, of_steps), told

    def _add_step_rates(self, step, workflow, own, given, sample, of_steps, told):
        """Add how many of a step's participants match its filter, and how many go on at its first branch."""
        if workflow.filters(step):
            passed = own[step.id, "processed"]
            of_steps["match", step.id] = DEFAULTS["match"].update(passed, passed + own[step.id, "rejected"])
        yes, no = BRANCHES.get(step.activity_type, (None, None))
        if not yes or not self._is_left_to_chance(step):
            return
        passed, others = own[step.id, f"{BRANCH}{yes}"], own[step.id, f"{BRANCH}{no}"]
        matching = 0
        if sample and step.activity_type == "condition":
            domain = step.settings["domain"]
            matching = len(self._filter_res_ids(self._get_run_env(), sample, [domain], within=workflow.domain))
        else:
            sample = ()
        rate = DEFAULTS[yes].update(matching, len(sample)).update(passed, passed + others)
        activity = self.env["marketing.activity"].browse(step.id)
        label = f"{activity.name}: {activity._get_branch_labels().get(yes, yes)}"
        source = self._describe_source(passed + others, 0, *_words_of_people())
        if sample and not passed + others:
            source = _("from records that enter, as they are now: %s", format_number(self.env, len(sample)))
        of_steps[yes, step.id] = self._tell_rate(told, f"{yes}:{step.id}", label, rate, source, given)

    def _is_left_to_chance(self, step):
        """Tell whether nobody knows beforehand which branch somebody takes at a step."""
        if step.activity_type == "wait":
            return step.settings.get("kind") == "domain"
        return step.settings.get("domain") not in (None, False, "", "[]")

    def _tell_rate(self, told, key, label, rate, source, given):
        """Note what is told of a rate, and return the one that holds."""
        value = given.get(key, rate.value)
        told.append(
            {
                **{"key": key, "label": label, "value": round(value, 4), "known": round(rate.value, 4)},
                **{"source": source, "is_share": True, "is_given": key in given},
            }
        )
        return Rate(float(value)) if key in given else rate

    def _get_rate_labels(self):
        return {
            "open": _("Open"),
            "click": _("Click"),
            "reply": _("Reply"),
            "bounce": _("Bounce"),
            "conversion": _("Reach the goal"),
        }

    @api.model
    def _describe_source(self, own, others, one, many):
        """Return in words what a rate is from.

        :param int own: how many this campaign has seen
        :param int others: how many its user's other campaigns have
        :param str one: of what, in the singular: “email”
        :param str many: in the plural
        """
        numbers = {
            "own": format_number(self.env, own),
            "others": format_number(self.env, others),
            "what": one if (own or others) == 1 else many,
        }
        if own >= PRIOR or own > 0 >= others:
            return _("from this campaign's %(own)s %(what)s", **numbers)
        if own > 0:
            return _("from this campaign's %(own)s %(what)s, and %(others)s of others", **numbers)
        if others > 0:
            return _("from %(others)s %(what)s of other campaigns", **numbers)
        return _("a guess")

    # ------------------------------------------------------------
    # Newcomers
    # ------------------------------------------------------------

    def _foresee_newcomers(self, given, entering, now):
        """Return how many enter a day, by which part of it that may be off, and from where it is known, in words.

        :param int entering: how many enter at once
        """
        if NEWCOMERS in given:
            return float(given[NEWCOMERS]), 0.0, _("as you say")
        entries = self.entry_ids.ids
        [[first]] = self.env.execute_query(
            # by the index of entries and dates
            SQL("SELECT min(date_start) FROM marketing_participant WHERE entry_id = ANY(%s)", entries)
        )
        since = now - timedelta(days=LATELY)
        if first and self.state == "running" and first + timedelta(days=2) < now:
            since = max(since, first + timedelta(days=1))  # those of the start came all at once
            [[entered]] = self.env.execute_query(
                SQL(
                    """SELECT count(*) FROM marketing_participant
                        WHERE entry_id = ANY(%s) AND date_start > %s AND is_test IS NOT TRUE""",
                    entries,
                    since,
                )
            )
            days = (now - since) / timedelta(days=1)
            words = _("from the last %(days)s: %(count)s entered", days=self._describe_days(round(days)), count=entered)
            return entered / days, 1 / sqrt(max(1, entered)), words
        made = self._count_made_since(since) if self._enters_by_filter() else 0
        if made and made * 2 <= entering:
            words = _(
                "from the last %(days)s: %(count)s records were made", days=self._describe_days(LATELY), count=made
            )
            return made / LATELY, 1 / sqrt(made), words
        return 0.0, 0.0, _("a guess")

    def _count_made_since(self, since):
        """Return how many records of the audience were made since a moment (UTC)."""
        query, model = self._get_audience_query(entering=True)
        if not model._log_access or not model._auto:
            return 0
        query.add_where(SQL("%s >= %s", SQL.identifier(query.table, "create_date"), since))
        return len(query)
