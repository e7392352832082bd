"""Steps of the app's own that do something for a whole batch at once.

They only write to the database, but an automation rule of Odoo's may answer to what they write, and send a mail at once
or call another system. So the doors are watched as they are for server actions: see ``runtime/alone.py``.
"""

import logging
import time

from odoo import _, models

from ....engine.context import lone_run
from ....engine.doors import Doors, RunAlone
from ....engine.time_limit import TimeLimit, TookTooLong

_logger = logging.getLogger(__name__)

REMEMBERED = 600  # seconds for which a step that left its transaction runs alone without being tried in a batch

_leaving = {}  # {(database, activity id): until when, by the monotonic clock}


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _do_together(self, traces, work):
        """Do the work of this step for a batch of traces, in one transaction that may be rolled back.

        :param work: a function without arguments
        :return: what it returns
        :raise RunAlone: where it leaves the transaction, which the traces of a batch share
        """
        lone, key = lone_run(traces.env), (self.env.cr.dbname, self.id)
        if not lone:
            if _leaving.get(key, 0) > time.monotonic():
                raise RunAlone("it has left its transaction before")
            if self.env["ir.cron"]._was_killed():
                raise RunAlone("the last run was killed", opened=False)
        seconds = self._get_action_time_limit()
        # of a batch nobody knows who is to blame: its traces run alone then, each with a limit of its own
        handler = self.campaign_id._get_stuck_handler(seconds) if lone else lambda _piece: None
        doors = Doors(self.env.cr, opened=bool(lone and lone.opened), patience=seconds)
        limit = TimeLimit(seconds, self.env.cr._cnx, handler)

        def do():
            result = work()
            self.env.cr.flush()  # what is computed, tracked and automated upon it belongs to it
            return result

        try:
            with limit.watching(), doors.watched():
                return limit.run(traces[0].id, do)
        except RunAlone as refusal:
            _logger.info("The activity %s runs for one participant at a time: %s", self.id, refusal)
            _leaving[key] = time.monotonic() + REMEMBERED
            raise
        except TookTooLong as error:
            if not lone:
                raise RunAlone("it took too long", opened=False) from error
            error.trace_id, error.seconds = traces.id, seconds
            raise
        finally:
            if lone:
                lone.passed |= doors.passed

    def _fail_each(self, traces, detail):
        """Return the outcomes of traces that failed for one reason.

        :param str detail: the reason, a sentence
        """
        return dict.fromkeys(traces.ids, ("error", "exception", {"detail": detail}))

    def _split_writable(self, env, traces):
        """Return which of the traces' records the campaign's user may change.

        :param env: of the campaign's user
        :return: the records, and the outcomes of the traces of the others
        """
        model = env[self.campaign_id._get_target()]
        records = model.browse(traces.mapped("res_id"))
        writable = records._filtered_access("write")
        allowed = set(writable.ids)
        refused = traces.filtered(lambda trace: trace.res_id not in allowed)
        return writable, self._fail_each(refused, _("%s may not change this record.", env.user.name))
