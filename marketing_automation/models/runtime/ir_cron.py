import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.context import message_batch

_logger = logging.getLogger(__name__)

POSTCOMMIT_KEY = "marketing_automation.trigger_after_commit"
TRIGGER_ATTEMPTS = 3
FRESH_TRIGGER = timedelta(seconds=10)  # within which one wake-up serves for all events


class IrCron(models.Model):
    _inherit = "ir.cron"

    @api.model
    def _was_killed(self):
        """Tell whether the last run of the scheduled action that runs now did not come to its end."""
        progress = self.env["ir.cron.progress"].sudo().browse(self.env.context.get("ir_cron_progress_id") or [])
        return progress.timed_out_counter > 1  # Odoo counts the present run before it begins

    def _trigger_list(self, at_list):
        """Wake what sends messages after the commit of the batch for which they are made."""
        now = fields.Datetime.now()
        if message_batch(self.env) and all(at <= now for at in at_list):
            self._trigger_after_commit()
            return self.env["ir.cron.trigger"]
        return super()._trigger_list(at_list)

    def _trigger_after_commit(self):
        """Trigger these crons when the current transaction is committed, once each.

        In a transaction of its own: a trigger's foreign key checks the cron's row, which a
        cron worker may have updated since our snapshot, and PostgreSQL would then fail the
        whole transaction. What has just been sent, received or queued must not fail so.
        """
        postcommit = self.env.cr.postcommit
        wanted = postcommit.data.get(POSTCOMMIT_KEY)
        if wanted is not None:
            wanted.update(self.ids)
            return
        wanted = postcommit.data[POSTCOMMIT_KEY] = set(self.ids)
        pool = self.env.registry

        @postcommit.add
        def trigger_crons():
            for _attempt in range(TRIGGER_ATTEMPTS):
                try:
                    with pool.cursor() as cr:
                        crons = api.Environment(cr, api.SUPERUSER_ID, {})["ir.cron"].browse(wanted)
                        for cron in crons._share():
                            if not cron._is_about_to_run():
                                cron._trigger()
                    return
                except OperationalError as error:  # the cron's row was written meanwhile
                    _logger.debug("trigger of crons %s failed: %s", wanted, error)
            _logger.warning("could not trigger the crons %s: they run at their next regular time", wanted)

    def _share(self):
        """Lock these crons as a foreign key does, and return those that are left: an uninstall takes them.

        :raise psycopg2.OperationalError: when a row was written since the snapshot; it is not logged, as it is expected
        """
        query = SQL("SELECT id FROM ir_cron WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", self.ids)
        self.env.cr.execute(query, log_exceptions=False)
        return self.browse(number for (number,) in self.env.cr.fetchall())

    def _is_about_to_run(self):
        """Tell whether a run is triggered that will see all that is committed by now.

        Its trigger stays until it does: a cron worker that has begun holds a lock on the
        triggers that it answers. One that is some seconds old is not relied on, as a worker
        that was busy then may not have heard of it.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        query = SQL(
            """
            SELECT 1 FROM ir_cron_trigger
             WHERE cron_id = %s AND call_at BETWEEN %s AND %s LIMIT 1
               FOR KEY SHARE SKIP LOCKED
            """,
            self.id,
            now - FRESH_TRIGGER,
            now,
        )
        self.env.cr.execute(query, log_exceptions=False)  # a trigger that was answered meanwhile is expected
        return bool(self.env.cr.fetchall())
