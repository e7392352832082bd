"""Lanes: the scheduled actions that execute activities, or send emails, side by side, on one host or many.

They share nothing but the database: each claims what no other holds.
"""

from contextlib import contextmanager

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .batch import Turn

LANES_KEY = "marketing_automation.lanes"
MAX_LANES = 8
LOCK = 0x4D414C  # first key of the advisory locks: what one lane at a time does
FIRST_LANE = "marketing_automation.ir_cron_campaign_execute_activities"
FIRST_SENDING_LANE = "marketing_automation.ir_cron_send_emails"
SENDING_LANES_KEY = "marketing_automation.sending_lanes"
COUNTS = {FIRST_LANE: LANES_KEY, FIRST_SENDING_LANE: SENDING_LANES_KEY}  # the parameters that say how many there are


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _get_execution_crons(self):
        """Return the scheduled actions that execute activities, the first lane first.

        :rtype: odoo.models.Model (ir.cron)
        """
        return self._get_lanes(FIRST_LANE)

    @api.model
    def _get_lanes(self, first):
        """Return lanes of a kind, the first one first.

        :param str first: the external id of the first one
        :rtype: odoo.models.Model (ir.cron)
        """
        names = [first, *(f"{first}_{lane}" for lane in range(2, self._get_lane_count(first) + 1))]
        found = [self.env.ref(name, raise_if_not_found=False) for name in names]
        # sudo: whoever wakes them
        return self.env["ir.cron"].sudo().browse(cron.id for cron in found if cron)

    @api.model
    def _wake_lanes(self):
        """Have all lanes look at once for what is due."""
        for cron in self._get_execution_crons():
            cron._trigger()

    @api.model
    def _get_lane_count(self, first=FIRST_LANE):
        count = self.env["ir.config_parameter"].sudo().get_param(COUNTS[first], "1")
        return min(MAX_LANES, max(1, int(count))) if count.isdecimal() else 1

    @api.model
    @api.private
    def set_lane_count(self, count, first=FIRST_LANE):
        """Have so many lanes: make the scheduled actions that lack, archive those beyond.

        :param int count: from 1 to ``MAX_LANES``
        :param str first: the external id of the first one of their kind
        :raise UserError: for another number
        """
        if not 1 <= count <= MAX_LANES:
            raise UserError(_("There are 1 to %(max)s lanes of a kind, not %(count)s.", max=MAX_LANES, count=count))
        self.env["ir.config_parameter"].sudo().set_param(COUNTS[first], str(count))
        cron = self.env.ref(first).sudo()
        for lane in range(2, MAX_LANES + 1):
            further = self.env.ref(f"{first}_{lane}", raise_if_not_found=False)
            if further:
                active = cron.active and lane <= count
                if further.sudo().active != active:  # Odoo lets nobody write a scheduled action while it runs
                    further.sudo().active = active
            elif lane <= count:
                values = {
                    "name": f"{cron.name} ({lane})",
                    "model_id": cron.model_id.id,
                    "state": "code",
                    "code": cron.code,
                    "user_id": cron.user_id.id,
                    "interval_number": cron.interval_number,
                    "interval_type": cron.interval_type,
                    "priority": cron.priority,
                }
                # known by name, so that it goes with the addon
                data = {"xml_id": f"{first}_{lane}", "values": values, "noupdate": True}
                cron._load_records([data])

    def _read_turn(self):
        """Return how the steps of this campaign are executed."""
        activities, turn = self.env["marketing.activity"], Turn()
        types = activities._get_types()
        for step in self._get_workflow().steps.values():
            if types[step.activity_type].light:
                turn.light.add(step.id)
            find_lock = getattr(activities, f"_find_lane_lock_{step.activity_type}", None)
            lock = find_lock and find_lock(step)
            if lock:
                turn.locks[step.id] = lock
        return turn

    @contextmanager
    def _in_one_lane(self, lock):
        """Give whether this lane may do what one at a time does; the others leave it to the one that does it.

        What that one has committed is seen afterwards: the lock is taken before a transaction begins, and ends with
        the block, or with the process.

        :param lock: its name; None for what all lanes do
        """
        if not lock:
            yield True
            return
        [[locked]] = self.env.execute_query(SQL("SELECT pg_try_advisory_lock(%s, hashtext(%s))", LOCK, lock))
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # a claim begins
        try:
            yield locked
        finally:
            if locked:
                self.env.cr.rollback()  # what was done is committed
                self.env.execute_query(SQL("SELECT pg_advisory_unlock(%s, hashtext(%s))", LOCK, lock))
                self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # ends the unlock
