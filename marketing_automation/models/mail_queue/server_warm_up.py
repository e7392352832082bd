"""Warm-up of a mail server: how many emails of campaigns it gets in an hour, over all lanes, more each day.

Hours are counted from when the warm-up began. A lane takes its share of the hour before it sends, in a transaction of
its own that locks the row of the server: no two take the same. What it takes and does not use is lost.
"""

from datetime import timedelta

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...engine.warm_up import HOUR, WarmUp
from ..numbers import format_number

MOST = 1_000_000  # emails in an hour


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    marketing_warm_up = fields.Boolean(
        string="Warm Up for Campaigns",
        help=(
            "Campaigns send few emails per hour by this server at first, and more each day: providers distrust a "
            "server that is new to them and sends much at once. Other emails are neither counted nor kept waiting. "
            "To begin anew, turn it off, save, and turn it on again."
        ),
    )
    marketing_warm_up_start = fields.Integer(
        string="Emails per Hour on the First Day", default=20, help="During the first 24 hours of the warm-up."
    )
    marketing_warm_up_growth = fields.Integer(
        string="Percent More Each Day", default=30, help="By how much each day's emails per hour exceed the day before."
    )
    marketing_warm_up_limit = fields.Integer(
        string="Emails per Hour at Most", default=1000, help="Up to which the warm-up rises, and then stays."
    )
    marketing_warm_up_date = fields.Datetime(
        string="Warm-Up of Campaigns Began On", compute="_compute_marketing_warm_up_date", store=True, copy=False
    )
    marketing_warm_up_hour = fields.Integer(
        string="Hour of the Warm-Up", readonly=True, copy=False, help="In which it sent last: the first one is 0."
    )
    marketing_warm_up_used = fields.Integer(string="Emails of That Hour", readonly=True, copy=False)
    marketing_warm_up_text = fields.Char(
        string="Warm-Up of Campaigns in Words", compute="_compute_marketing_warm_up_text"
    )

    @api.depends("marketing_warm_up")
    def _compute_marketing_warm_up_date(self):
        for server in self:
            began = server.marketing_warm_up_date or fields.Datetime.now()
            server.marketing_warm_up_date = server.marketing_warm_up and began
            if not server.marketing_warm_up:
                server.marketing_warm_up_hour = server.marketing_warm_up_used = 0

    @api.depends(
        *("marketing_warm_up", "marketing_warm_up_start", "marketing_warm_up_growth", "marketing_warm_up_limit"),
        *("marketing_warm_up_date", "marketing_warm_up_hour", "marketing_warm_up_used"),
    )
    @api.depends_context("lang")
    def _compute_marketing_warm_up_text(self):
        now = fields.Datetime.now()
        for server in self:
            words = []
            if server.marketing_warm_up and not server._find_warm_up_error():
                passed = now - (server.marketing_warm_up_date or now)
                words.append(self.env["marketing.campaign"]._describe_rise(server._get_warm_up(), passed))
                used = server._get_used(server.marketing_warm_up_hour, server.marketing_warm_up_used, now)
                words += [_("This hour it has sent %s.", used)] if used else []
            server.marketing_warm_up_text = " ".join(words)

    @api.constrains(
        "marketing_warm_up", "marketing_warm_up_start", "marketing_warm_up_growth", "marketing_warm_up_limit"
    )
    def _check_warm_up(self):
        for server in self.filtered("marketing_warm_up"):
            if error := server._find_warm_up_error():
                raise ValidationError(error)

    def _find_warm_up_error(self):
        """Return in words why the warm-up cannot be, if so."""
        if not 1 <= self.marketing_warm_up_limit <= MOST:
            return _("A mail server sends 1 to %s emails of campaigns per hour at most.", format_number(self.env, MOST))
        if not 1 <= self.marketing_warm_up_start <= self.marketing_warm_up_limit:
            return _("A warm-up begins with at least 1 email per hour, and at most with “Emails per Hour at Most”.")
        if not 1 <= self.marketing_warm_up_growth <= 1000:
            return _("A warm-up grows by 1 to 1000 percent each day.")
        return False

    def _get_warm_up(self):
        return WarmUp(self.marketing_warm_up_start, self.marketing_warm_up_growth, self.marketing_warm_up_limit)

    def _get_used(self, hour, used, now):
        """Return how many emails this hour has had, where ``used`` is the number of an hour of the warm-up."""
        return used if hour == max(0, (now - (self.marketing_warm_up_date or now)) // HOUR) else 0

    def _has_share_left(self, now):
        """Tell whether campaigns may send an email by this server in this hour."""
        if not self.marketing_warm_up:
            return True
        self.invalidate_recordset(["marketing_warm_up_hour", "marketing_warm_up_used"])  # other lanes write them
        used = self._get_used(self.marketing_warm_up_hour, self.marketing_warm_up_used, now)
        return used < self._get_warm_up().get_limit(now - (self.marketing_warm_up_date or now))

    def _get_next_share_date(self, now):
        """Return when the next hour of the warm-up begins."""
        began = self.marketing_warm_up_date or now
        return began + (max(timedelta(), now - began) // HOUR + 1) * HOUR

    def _take_share(self, count, now):
        """Take so many emails of this hour, or as many as are left: in a transaction that is committed.

        :return: how many
        """
        began = self.marketing_warm_up_date or now
        hour, limit = max(0, (now - began) // HOUR), self._get_warm_up().get_limit(now - began)
        while True:
            try:
                [[number, used]] = self.env.execute_query(
                    SQL(
                        """SELECT COALESCE(marketing_warm_up_hour, 0), COALESCE(marketing_warm_up_used, 0)
                             FROM ir_mail_server WHERE id = %s FOR NO KEY UPDATE""",
                        self.id,
                    )
                )
                taken = max(0, min(count, limit - self._get_used(number, used, now)))
                self.env.execute_query(
                    SQL(
                        """UPDATE ir_mail_server SET marketing_warm_up_hour = %s, marketing_warm_up_used = %s
                            WHERE id = %s RETURNING id""",
                        hour,
                        self._get_used(number, used, now) + taken,
                        self.id,
                    )
                )
                self.env.cr.commit()  # pylint: disable=unknown-option-value,invalid-commit  # others wait for the row
            except psycopg2.errors.SerializationFailure:  # another lane has taken some meanwhile
                self.env.cr.rollback()
                continue
            self.invalidate_recordset(["marketing_warm_up_hour", "marketing_warm_up_used"])
            return taken
