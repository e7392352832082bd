"""How many messages an address gets at most, over all campaigns: who comes beyond it waits, or gets none.

A message asks for a place right before it is made: here, as a gate, for the address that the database tells, so that
nothing is rendered for who waits; and once more where it is made, for the address to which it really goes.
"""

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import SQL

from ...engine.pressure import share_room
from .marketing_trace import PRESSED

SKIPPED = "frequency_cap"
PATIENCE = timedelta(minutes=15)  # how long a place is kept for who comes first, while their campaign does not run


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    # Who waits for room at an address.
    _pressed = models.Index(
        "((end_params->>'key')) WHERE state = 'scheduled' AND end_code = 'frequency_wait' AND is_test IS NOT TRUE"
    )

    # ------------------------------------------------------------
    # Asking for a place
    # ------------------------------------------------------------

    def _get_cap(self):
        """Return what limits the messages of these traces, of one activity; None where nothing does."""
        campaign = self.campaign_id
        workflow = campaign._get_workflow() if campaign else None
        step = workflow and workflow.steps.get(self.activity_id.id)
        described = step and self.env["marketing.activity"]._get_types().get(step.activity_type)
        if not described or not described.sends:
            return None
        cap = campaign._get_cap(described.mailing_type)
        return cap if cap and not campaign.ignore_cap else None

    def _take_place(self, batch):
        """Have messages take a place at their address, where there is a limit; those without one wait, or end.

        A test takes none.
        """
        left = self
        for activity in self.activity_id:
            traces = self.filtered(lambda trace, activity=activity: trace.activity_id == activity and not trace.is_test)
            cap = traces._get_cap()
            if cap:
                step = batch.workflow.steps[activity.id]
                addresses = batch.campaign._find_addresses(step, traces.mapped("res_id"))
                left -= traces._ask_for_place(
                    {trace.id: addresses[trace.res_id] for trace in traces if addresses.get(trace.res_id)},
                    cap,
                    batch.now,
                )
        return left

    def _confirm_places(self, addresses, going, now):
        """Have the messages that are being made take the places of the addresses to which they really go.

        :param dict addresses: of each message, normalized, by trace id; None where it has none
        :param set going: ids of the traces whose messages are to be sent
        :param datetime now: UTC
        :return: those of these traces whose message is not made, since there is no place
        """
        traces = self.filtered(lambda trace: not trace.is_test and addresses.get(trace.id))
        cap = traces[:1]._get_cap()
        if not cap:
            return self.browse()
        keys = self._hash_addresses({addresses[trace.id] for trace in traces}, cap.channel)
        rows = self.env.execute_query(
            SQL("SELECT trace_ids FROM marketing_pressure WHERE key = ANY(%s)", [*keys.values()])
        )
        placed = {trace_id for [trace_ids] in rows for trace_id in trace_ids}
        freed = {trace.id: addresses[trace.id] for trace in traces if trace.id in placed and trace.id not in going}
        if freed:
            self._give_back(freed, cap.channel)
        asking = traces.filtered(lambda trace: trace.id in going and trace.id not in placed)
        return asking._ask_for_place({trace.id: addresses[trace.id] for trace in asking}, cap, now, is_made=True)

    def _ask_for_place(self, addresses, cap, now, is_made=False):
        """Take places for these messages of one step; have those wait, or end, for which there is none.

        :param dict addresses: normalized, by trace id
        :param Cap cap: what holds
        :param datetime now: UTC
        :param bool is_made: whether the message is being made: then nobody else looks for duplicates
        :return: those of these traces without a place that are not to go on
        """
        first = {}  # those behind it are duplicates, as the composer finds
        for trace in self.filtered(lambda trace: trace.id in addresses).sorted(lambda trace: trace._get_turn()):
            if is_made or addresses[trace.id] not in {addresses[other.id] for other in first.values()}:
                first[trace.id] = trace
        if not first:
            return self.browse()
        keys = self._hash_addresses(set(addresses.values()), cap.channel)
        contenders = {}
        for trace in first.values():
            contenders.setdefault(keys[addresses[trace.id]], []).append((trace._get_turn(), trace.id))
        places = self._lock_places(contenders)
        mailings = self._find_mailing_dates(addresses, keys, cap, now)
        for key, turns in self._find_rivals(contenders, first, now).items():
            contenders[key] += [(turn, None) for turn in turns]
        written, later, counts = {}, {}, {}
        for key, asking in contenders.items():
            dates, trace_ids = places.get(key, ((), ()))
            given, refused = share_room(cap, [*dates, *mailings.get(key, ())], asking, now)
            later.update(refused)
            counted = [(date, number) for date, number in zip(dates, trace_ids, strict=True) if date > cap.begin(now)]
            if given:
                counted += [(now, trace_id) for trace_id in given]
                written[key] = [date for date, _id in counted], [trace_id for _date, trace_id in counted]
            counts.update(dict.fromkeys(refused, len(counted) + len(mailings.get(key, ()))))
        self._write_places(written, cap.channel)
        refused = self.browse(later)
        if refused and not is_made:  # who got this step already does not wait for it
            asked = {number: [addresses[number]] for number in later}
            refused -= refused._find_duplicates(asked, self._address_column(cap))
        if cap.skips:
            refused._write_outcomes(dict.fromkeys(refused.ids, ("canceled", SKIPPED, None)), now)
        else:
            told = {"channel": cap.channel, "limit": cap.limit, "days": cap.days}
            refused._hold(
                {trace.id: later[trace.id] for trace in refused},
                PRESSED,
                {trace.id: {**told, "key": keys[addresses[trace.id]], "count": counts[trace.id]} for trace in refused},
            )
        return refused

    def _get_turn(self):
        """Return the rank of this message among those that wait for the same address: the lowest goes first."""
        return (-int(self.campaign_id.priority), self.due_date or self.schedule_date, self.id)

    @api.model
    def _address_column(self, cap):
        """Return where mailing.trace keeps the address of messages that a limit counts."""
        types = self.env["marketing.activity"]._get_types().values()
        return next(described.address_column for described in types if described.mailing_type == cap.channel)

    @api.model
    def _find_mailing_dates(self, addresses, keys, cap, now):
        """Return when addresses got mailings that are no messages of campaigns, by key, where those count.

        :rtype: dict[str, list]
        """
        if not cap.counts_mailings:
            return {}
        column = SQL.identifier(self._address_column(cap))
        rows = self.env.execute_query(
            SQL(
                # by the index of mailings' messages
                """
                SELECT %(column)s, array_agg(sent_datetime) FROM mailing_trace
                 WHERE %(column)s = ANY(%(addresses)s) AND marketing_trace_id IS NULL AND sent_datetime IS NOT NULL
                   AND sent_datetime > %(since)s
              GROUP BY 1
                """,
                column=column,
                addresses=sorted(set(addresses.values())),
                since=cap.begin(now),
            )
        )
        return {keys[address]: dates for address, dates in rows}

    @api.model
    def _find_rivals(self, keys, own, now):
        """Return who else has waited for room at these addresses, and is due: by key, their ranks.

        Who is due for longer does not go on, whatever keeps its campaign: nobody waits for it.

        :param own: ids of those who ask
        :rtype: dict[str, list[tuple]]
        """
        rows = self.env.execute_query(
            SQL(
                # by the index of who waits at an address
                """
                SELECT t.end_params->>'key', c.priority, COALESCE(t.due_date, t.schedule_date), t.id
                  FROM marketing_trace t JOIN marketing_campaign c ON c.id = t.campaign_id
                 WHERE t.state = 'scheduled' AND t.end_code = 'frequency_wait' AND t.is_test IS NOT TRUE
                   AND t.end_params->>'key' = ANY(%s) AND t.id != ALL(%s)
                   AND t.schedule_date <= %s AND t.schedule_date > %s AND c.state = 'running'
                   AND c.ignore_cap IS NOT TRUE
                """,
                [*keys],
                [*own],
                now,
                now - PATIENCE,
            )
        )
        rivals = {}
        for key, priority, date, trace_id in rows:
            rivals.setdefault(key, []).append((-int(priority), date, trace_id))
        return rivals

    # ------------------------------------------------------------
    # Afterwards
    # ------------------------------------------------------------

    @api.private
    def _free_places(self):
        """Give back the places of these traces, whose messages were refused after they had been made."""
        for cap, addresses in self._find_counted_addresses():
            self._give_back(addresses, cap.channel)

    @api.private
    def _count_after_all(self):
        """Have these traces count, whose messages were refused, and accepted when somebody sent them again."""
        for cap, addresses in self._find_counted_addresses():
            keys = self._hash_addresses(set(addresses.values()), cap.channel)
            places = self._lock_places(keys.values())
            for trace in self.filtered(lambda trace, addresses=addresses: trace.id in addresses):
                dates, trace_ids = places.get(keys[addresses[trace.id]], ([], []))
                if trace.id not in trace_ids:
                    places[keys[addresses[trace.id]]] = [*dates, trace.sent_date], [*trace_ids, trace.id]
            self._write_places(places, cap.channel)

    def _find_counted_addresses(self):
        """Yield what limits these messages, and the addresses to which they were made, by trace id."""
        for traces in self.filtered(lambda trace: not trace.is_test).grouped("activity_id").values():
            if cap := traces._get_cap():
                column = self._address_column(cap)
                messages = traces.mailing_trace_ids.sorted("id")
                yield cap, {message.marketing_trace_id.id: message[column] for message in messages if message[column]}

    @api.model
    def _ask_all_again(self, condition=None):
        """Have those who wait for room ask at once: what limits them has changed.

        :param SQL condition: of whose traces, ``t``; all by default
        """
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """UPDATE marketing_trace t SET schedule_date = %s
                    WHERE t.state = 'scheduled' AND t.end_code = 'frequency_wait' AND t.is_test IS NOT TRUE AND %s
                RETURNING t.id""",
                fields.Datetime.now(),
                condition or SQL("TRUE"),
            )
        )
        self.invalidate_model(["schedule_date"])
        self.env["marketing.campaign"]._wake_lanes()

    def _describe_pressure(self):
        """Return in words why this message waits for room at its address."""
        params = self.end_params or {}
        if not params.get("limit"):  # forgotten with its person
            return _("limit of messages")
        return self.env["marketing.campaign"]._describe_cap(*map(params.get, ("channel", "count", "limit", "days")))
