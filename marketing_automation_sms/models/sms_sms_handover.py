"""SMS that were being handed over to a provider as Odoo's process died, or the connection to the database broke.

A provider takes SMS before Odoo can commit that it did, and Odoo would send them again. So those of campaigns are
marked as emails are (see ``mail_queue/handover.py`` of the main addon), and the mark committed, before the request.
"""

from dataclasses import dataclass

from odoo import api, fields, models

from .sms_sms_queue import UNKNOWN

LOCK = 0x4D4157  # the advisory lock that whoever hands SMS over shares
RUN_KEY = "marketing_automation_sms_queue"


@dataclass(frozen=True)
class SmsQueueRun:
    """That Odoo's queue sends: nothing else of the transaction is lost or kept by a commit. No caller can make one."""


class SmsSms(models.Model):
    _name = "sms.sms"
    _inherit = ["sms.sms", "marketing.engine.fields"]

    marketing_handover = fields.Boolean(
        string="Being Handed Over",
        readonly=True,
        engine_only=True,
        copy=False,
        help="It is on the way to the provider.",
    )

    _marketing_handover = models.Index("(id) WHERE marketing_handover")

    @api.model
    def _process_queue(self):
        self._settle_handovers()
        with self.env["mail.mail"]._handing_over(LOCK):
            return super(SmsSms, self.with_context(**{RUN_KEY: SmsQueueRun()}))._process_queue()

    @api.model
    def _settle_handovers(self):
        """Say of SMS that were marked, and that nobody hands over any more, that it is unknown whether they left."""
        marked = self.sudo().search([("marketing_handover", "=", True)])
        if not marked:
            return
        with self.env["mail.mail"]._alone_with_handovers(LOCK) as alone:
            if alone:
                marked = marked.exists().filtered("marketing_handover")
                marked.marketing_handover = False
                marked.sms_tracker_id._action_update_from_sms_state("error", failure_type=UNKNOWN)
                self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # as the queue does

    def _mark_handover(self, ours):
        """Mark SMS of campaigns before the request, and commit the mark, where Odoo's queue runs.

        :param ours: those of these SMS that are of campaigns
        :return: those of these SMS that are to be sent
        """
        if not isinstance(self.env.context.get(RUN_KEY), SmsQueueRun):
            return self
        # Already what is to be said should nobody come back: Odoo's queue takes none of these.
        ours.sudo().write({"marketing_handover": True, "state": "error", "failure_type": UNKNOWN})
        self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit
        # The commit let go of the others, too: whoever has sent one meanwhile has written so.
        others = (self - ours).try_lock_for_update()
        return ours + others.filtered(lambda sms: sms.state == "outgoing")

    def _end_handover(self):
        self.exists().sudo().filtered("marketing_handover").marketing_handover = False
