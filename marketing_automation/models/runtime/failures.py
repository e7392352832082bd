"""What keeps a whole campaign from running, though no participant is to blame: kept on it, in words."""

import logging
import traceback
from datetime import timedelta

import psycopg2

from odoo import _, api, fields, models

from ..moments import format_moment
from .errors import CONTENTION, OUT_OF_RESOURCES, describe

_logger = logging.getLogger(__name__)

MAX_FAILURES = 20  # one after the other, upon which a campaign stops
FAILURE_EVERY = timedelta(seconds=50)  # several lanes that fail at once count once
TRACEBACK_LENGTH = 20_000  # characters
SHOWN = 3  # campaigns that the health line names


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    last_error = fields.Char(readonly=True, copy=False, help="What keeps the campaign from running.")
    last_error_date = fields.Datetime(readonly=True, copy=False)
    last_error_traceback = fields.Text(readonly=True, copy=False, groups="base.group_system")
    failed_job = fields.Char(
        readonly=True, copy=False, help="The scheduled action that failed. Its next success clears the error."
    )
    failure_count = fields.Integer(readonly=True, copy=False, help="How often it has failed, one after the other.")

    def _note_failure(self, job, error, now):
        """Keep on the campaign what kept it from running, and stop it after too many failures.

        :param str job: "execution" or "enrolment"
        :param error: an exception whose transaction was rolled back
        :param datetime now: UTC
        """
        _logger.error("The %s of the campaign %s failed: %s", job, self.id, error, exc_info=error)
        try:
            self._in_transaction(self._write_failure, job, error, now)
        except (psycopg2.Error, *CONTENTION, *OUT_OF_RESOURCES):
            # what keeps it from running may keep this from being written
            self.env.cr.rollback()
            _logger.warning("The failure of the campaign %s is in this log alone", self.id, exc_info=True)

    def _write_failure(self, job, error, now):
        # what passes by itself stops nothing
        passes = isinstance(error, (psycopg2.OperationalError, *CONTENTION, *OUT_OF_RESOURCES))
        counts = not passes and (not self.last_error_date or now - self.last_error_date >= FAILURE_EVERY)
        count = self.failure_count + counts
        words = describe(self.env, error)
        trace = "".join(traceback.format_exception(error))
        self.write(
            {
                "last_error": words,
                "last_error_date": now,
                "last_error_traceback": trace[-TRACEBACK_LENGTH:],
                "failed_job": job,
                "failure_count": count,
            }
        )
        if count >= MAX_FAILURES:
            self._stop_for(_("It failed %(count)s times, one after the other. %(error)s", count=count, error=words))

    def _clear_failure(self):
        """Forget what kept the campaign from running: it has run."""
        self.write(
            {
                "last_error": False,
                "last_error_date": False,
                "last_error_traceback": False,
                "failed_job": False,
                "failure_count": 0,
            }
        )

    @api.model
    def _get_failure_label(self, campaign):
        date = format_moment(self.env, campaign.last_error_date)
        return _(
            "“%(campaign)s” failed on %(date)s: %(error)s",
            campaign=campaign.name,
            date=date,
            error=campaign.last_error,
        )

    def _get_failure_labels(self):
        """Return in words what keeps running campaigns of these from running.

        :rtype: list[str]
        """
        failing = self.filtered(lambda campaign: campaign.state == "running" and campaign.last_error)
        return [self._get_failure_label(campaign) for campaign in failing[:SHOWN]]
