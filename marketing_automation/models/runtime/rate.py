"""A limit of messages per hour, spread evenly, so that a big audience burns no sender's reputation."""

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...engine.warm_up import WarmUp

HOUR = 3600  # seconds
SPREAD = 60  # seconds over which the messages are spread; longer where not even one fits
LOCK = 0x4D4152  # first key of the advisory locks: whose campaign's slots are being given


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    hourly_limit = fields.Integer(
        string="Messages per Hour",
        default=0,
        help=(
            "Messages that this campaign sends in an hour at most, spread evenly; 0 for no limit. Follow-up steps are "
            "not limited. A change takes effect at once."
        ),
    )

    @api.constrains("hourly_limit")
    def _check_hourly_limit(self):
        if any(campaign.hourly_limit < 0 for campaign in self):
            raise ValidationError(_("A limit of messages per hour is 0, for none, or more."))

    def _get_limited_activity_ids(self):
        """Return the ids of the activities whose steps count against the limit, if there is one."""
        if not self.hourly_limit:
            return []
        types = self.env["marketing.activity"]._get_types()
        steps = self._get_workflow().steps.values()
        return [step.id for step in steps if types[step.activity_type].sends]

    def _execute_limited(self, activity_ids, turn, now, held):
        """Execute as many of the due messages as the limit has slots for.

        One lane at a time gives slots: another would not see those that this one is using. A step that waits for an
        Update takes none: those behind it have their turn.

        :param Turn turn: how its steps are executed
        :param set held: takes the ids of the activities that wait for an Update
        :return: how many traces were dealt with
        """
        if not self._try_lock_slots():
            return 0
        try:
            done, known = 0, None
            while known != held:
                known = set(held)
                slots = self._count_free_slots(activity_ids, now)
                condition = SQL("activity_id = ANY(%s)", [number for number in activity_ids if number not in held])
                batches = self._plan_due(now, condition, slots) if slots else {}
                done += self._execute_batches(batches, turn, now, held)
            return done
        finally:
            self.env.cr.rollback()  # what was done is committed
            self.env.execute_query(SQL("SELECT pg_advisory_unlock(%s, %s)", LOCK, self.id))
            self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # ends the unlock

    def _try_lock_slots(self):
        [[locked]] = self.env.execute_query(SQL("SELECT pg_try_advisory_lock(%s, %s)", LOCK, self.id))
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # what others committed is seen from here
        return locked

    def _count_free_slots(self, activity_ids, now):
        """Return how many messages may go out now.

        :param datetime now: UTC
        """
        limit = self._get_limit_at(now)
        spread = max(SPREAD, HOUR / limit)
        [[used]] = self.env.execute_query(
            SQL(
                # by the index of an activity's states and dates
                """SELECT count(*) FROM marketing_trace
                    WHERE activity_id = ANY(%s) AND state IN ('processed', 'error') AND done_date > %s
                      AND is_test IS NOT TRUE""",
                activity_ids,
                now - timedelta(seconds=spread),
            )
        )
        return max(0, int(limit * spread / HOUR) - used)

    def _get_limit_at(self, now):
        """Return how many messages may go out in an hour, where there is a limit.

        :param datetime now: UTC
        """
        if warm_up := self._get_warm_up():
            return warm_up.get_limit(self._get_warm_up_time(now))
        return self.hourly_limit

    def _find_rated_end(self, messages, now, spans):
        """Return when so many messages will have gone out (UTC), at the limit; None where it takes longer than that.

        :param spans: (from, to) of each time in which they may, in order
        """
        rise = self._get_warm_up() or WarmUp(self.hourly_limit, 100, self.hourly_limit)
        return rise.find_end(messages, self.warm_up_date or now, spans)
