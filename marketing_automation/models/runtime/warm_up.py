"""Warm-up: messages per hour that rise day by day, so that mail servers come to know a sender."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ...engine.warm_up import DAY, WarmUp


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    warm_up = fields.Boolean(
        help=(
            "Starts with few messages per hour and sends more each day, up to Messages per Hour. Mail servers "
            "distrust a new sender who sends a lot at once. To start over, turn it off, save, and turn it on again."
        ),
    )
    warm_up_start = fields.Integer(
        string="First Day", default=20, help="Messages per hour during the first 24 hours of the warm-up."
    )
    warm_up_growth = fields.Integer(
        string="More Each Day", default=30, help="Percent by which each day's messages per hour exceed the day before."
    )
    warm_up_date = fields.Datetime(
        string="Warm-Up Began On",
        compute="_compute_warm_up_date",
        store=True,
        copy=False,
        engine_only=True,
        help="When the campaign started with its warm-up, or the warm-up was turned on while it ran.",
    )
    warm_up_text = fields.Char(string="Warm-Up in Words", compute="_compute_warm_up_text")

    @api.depends("warm_up", "state")
    def _compute_warm_up_date(self):
        for campaign in self:
            if not campaign.warm_up:
                campaign.warm_up_date = False
            elif campaign.state == "running" and not campaign.warm_up_date:
                campaign.warm_up_date = fields.Datetime.now()
            else:
                campaign.warm_up_date = campaign.warm_up_date

    @api.depends("warm_up", "warm_up_start", "warm_up_growth", "hourly_limit", "warm_up_date")
    def _compute_warm_up_text(self):
        now = fields.Datetime.now()
        for campaign in self:
            campaign.warm_up_text = not campaign._find_warm_up_error() and campaign._tell_warm_up(now)

    @api.constrains("warm_up", "warm_up_start", "warm_up_growth", "hourly_limit")
    def _check_warm_up(self):
        for campaign in self:
            if error := campaign._find_warm_up_error():
                raise ValidationError(error)

    def _find_warm_up_error(self):
        """Return in words why the warm-up cannot be, if so."""
        if not self._get_warm_up():
            return False
        if not 1 <= self.warm_up_start <= self.hourly_limit:
            return _("A warm-up begins with at least 1 message per hour, and at most with “Messages per Hour”.")
        if not 1 <= self.warm_up_growth <= 1000:
            return _("A warm-up grows by 1 to 1000 percent each day.")
        return False

    def _get_warm_up(self):
        """Return the WarmUp of the campaign, if it has one; without a limit nothing can rise."""
        return (
            self.warm_up
            and self.hourly_limit > 0
            and WarmUp(self.warm_up_start, self.warm_up_growth, self.hourly_limit)
        )

    def _get_warm_up_time(self, now):
        """Return for how long it has been warming up; a timedelta."""
        return now - (self.warm_up_date or now)

    def _tell_warm_up(self, now):
        """Return in words how the messages per hour rise."""
        if not (warm_up := self._get_warm_up()):
            return self.warm_up and _("It rises up to a limit: fill in “Messages per Hour”.")
        return self._describe_rise(warm_up, self._get_warm_up_time(now))

    @api.model
    def _describe_rise(self, warm_up, passed):
        """Return in words how a warm-up rises.

        :param WarmUp warm_up: of a campaign, or of a mail server
        :param timedelta passed: since it began
        """
        if passed and passed // DAY >= warm_up.length:
            return _("Finished: %(limit)s an hour.", limit=warm_up.ceiling)
        day = passed // DAY + 1
        words = {
            "day": day,
            "today": warm_up.get_limit((day - 1) * DAY),
            "next": warm_up.get_limit(day * DAY),
            "last": warm_up.length + 1,
            "limit": warm_up.ceiling,
        }
        if not words["last"] > day:
            return _("%(limit)s an hour from the first day on.", **words)
        return _("Day %(day)s: %(today)s an hour, then %(next)s; %(limit)s from day %(last)s on.", **words)
