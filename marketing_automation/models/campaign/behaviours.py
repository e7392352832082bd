"""Behaviours: what participants did with their messages, asked for many by one query a line, and told in words."""

from datetime import timedelta

from odoo import _, api, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, escape_psql

from ...engine.behaviour import DAYS, RUN, SENT, read_behaviour


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_behavior_steps(self):
        """Return id and name of each step whose messages a behaviour may be about."""
        return [[step.id, step.name] for step in self.marketing_activity_ids._origin if step.sends_message]

    def _check_behaviour(self, data, label):
        """Refuse what is no behaviour.

        :param data: what JSON holds
        :param str label: what it is, for the message
        :raise ValidationError:
        """
        try:
            read_behaviour(data)
        except ValueError as error:
            raise ValidationError(
                _(
                    "Campaign “%(campaign)s”, %(label)s: %(error)s.",
                    campaign=self.name,
                    label=label,
                    error=error,
                )
            ) from error

    def _find_behaviour_errors(self, data, label):
        """Return in words what keeps a behaviour from being asked."""
        steps = {step_id for step_id, _name in self._get_behavior_steps()}
        if any(line.activity and line.activity not in steps for line in read_behaviour(data).lines):
            return [_("%s asks about a step that no longer exists: choose another.", label)]
        return []

    @api.model
    def _relink_behaviour(self, data, copies):
        """Return a behaviour that is about the copies of steps.

        :param dict data: what JSON holds
        :param dict copies: marketing.activity by the id of its original
        """
        lines = [
            {**line, "activity": copies[line["activity"]].id} if line.get("activity") in copies else line
            for line in data.get("lines", [])
        ]
        return {**data, "lines": lines}

    # ------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------

    def _find_who_behaved(self, behaviour, people, now):
        """Return the ids of those of these participants who behaved so: by one query for each line.

        :param Behaviour behaviour:
        :param dict people: ids of records by the ids of participants
        :param datetime now: UTC
        :rtype: set[int]
        """
        answers = []
        for line in behaviour.lines:
            found = self._find_who_did(line, list(people), list(people.values()), now)
            answers.append(found if line.did else set(people) - found)
        return {id_ for id_ in people if behaviour.is_true([id_ in answer for answer in answers])}

    def _find_who_did(self, line, participant_ids, res_ids, now):
        """Return the ids of those of these participants who did what a line says, even where it says that they did not.

        Who asks about all campaigns sees those of the campaign's own companies, of the same target.
        """
        kinds = self.env["marketing.trace.event"]._get_kinds()
        if line.span == RUN:
            scope = SQL("p.id = b.participant_id")
        elif line.anywhere:
            companies = self._get_run_env().companies.ids
            scope = SQL(
                "p.model_name = %s AND p.res_id = b.res_id AND (c.company_id IS NULL OR c.company_id = ANY(%s))",
                self._get_target(),
                companies,
            )
        else:
            scope = SQL("p.campaign_id = %s AND p.res_id = b.res_id", self.id)
        if line.event == SENT:
            # whatever shows that a server has accepted the message, also what machines do
            names = [name for name, kind in kinds.items() if kind.shows_acceptance]
            conditions = [SQL("e.event = ANY(%s)", names)]
        else:
            # what implies it may not have been taken into account yet
            names = [line.event, *(name for name, kind in kinds.items() if kind.implies == line.event)]
            conditions = [
                SQL("e.event = ANY(%s)", names),
                SQL("(e.origin IS DISTINCT FROM 'machine' OR e.event = 'open' AND c.count_machine_opens)"),
            ]
        if line.activity:
            conditions.append(SQL("t.activity_id = %s", line.activity))
        earliest = SQL()
        if line.span == DAYS:
            # a message is accepted once, and shows it for ever; all else may happen again
            moment = SQL("min(e.date)") if line.event == SENT else SQL("max(e.date)")
            earliest = SQL("HAVING %s >= %s", moment, now - timedelta(days=line.days))
        if line.link:
            text = f"%{escape_psql(line.link.strip())}%"
            conditions.append(
                SQL(
                    """EXISTS (SELECT 1 FROM link_tracker l
                                WHERE l.id = e.link_id AND (l.url ILIKE %s OR l.label ILIKE %s))""",
                    text,
                    text,
                )
            )
        rows = self.env.execute_query(
            SQL(
                # participants by record, their steps by participant, the events of each by its trace
                """
                SELECT participant_id
                  FROM (SELECT b.participant_id
                          FROM unnest(%(participants)s::int[], %(records)s::int[]) AS b (participant_id, res_id)
                          JOIN marketing_participant p ON (p.is_test IS NOT TRUE OR p.id = b.participant_id)
                          JOIN marketing_campaign c ON c.id = p.campaign_id AND %(scope)s
                          JOIN marketing_trace t ON t.participant_id = p.id
                          JOIN marketing_trace_event e ON e.trace_id = t.id AND %(conditions)s
                      GROUP BY b.participant_id, e.trace_id %(earliest)s) AS message
              GROUP BY participant_id HAVING count(*) >= %(times)s
                """,
                participants=participant_ids,
                records=res_ids,
                scope=scope,
                conditions=SQL(" AND ").join(conditions),
                earliest=earliest,
                times=line.times,
            )
        )
        return {row[0] for row in rows}

    # ------------------------------------------------------------
    # In words
    # ------------------------------------------------------------

    def _describe_behaviour(self, data):
        """Return in words what a behaviour says; an empty text for none."""
        try:
            behaviour = read_behaviour(data)
        except ValueError:
            return ""
        return (_(" or ") if behaviour.any else _(" and ")).join(map(self._describe_behaviour_line, behaviour.lines))

    def _describe_behaviour_line(self, line):
        if line.activity:
            names = dict(self._get_behavior_steps())
            message = _("“%s”", names.get(line.activity, _("a step that was removed")))
        elif line.times > 1:
            message = _("at least %s messages", line.times)
        else:
            message = _("a message")
        if line.anywhere:
            message = _("%s of any campaign", message)
        patterns = {
            ("sent", True): _("they got %(message)s"),
            ("sent", False): _("they did not get %(message)s"),
            ("open", True): _("they opened %(message)s"),
            ("open", False): _("they did not open %(message)s"),
            ("click", True): _("they clicked in %(message)s"),
            ("click", False): _("they did not click in %(message)s"),
            ("link", True): _("they clicked a link with “%(link)s” in %(message)s"),
            ("link", False): _("they did not click a link with “%(link)s” in %(message)s"),
            ("reply", True): _("they replied to %(message)s"),
            ("reply", False): _("they did not reply to %(message)s"),
            ("bounce", True): _("%(message)s bounced"),
            ("bounce", False): _("%(message)s did not bounce"),
        }
        pattern = patterns["link" if line.link else line.event, line.did]
        words = pattern % {"message": message, "link": line.link or ""}
        if line.span == RUN:
            return _("%s in this run", words)
        if line.span == DAYS:
            return _("%(what)s within the last %(days)s days", what=words, days=line.days)
        return words
