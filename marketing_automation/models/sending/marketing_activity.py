from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..numbers import format_number
from .best_time import BEST
from .marketing_trace import HELD, PRESSED


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    at_time = fields.Boolean(
        string="At a Time of Day",
        help=("Runs at this time of day, once the interval is over: “2 days later, at 09:00”."),
    )
    time_of_day = fields.Float(
        default=9.0,
        help="By the clock of the campaign, or of each recipient: see Whose Clock in the campaign.",
    )
    ignore_sending_hours = fields.Boolean(
        help="This message leaves when it is due, at any time: a confirmation that somebody waits for.",
    )
    best_time = fields.Boolean(
        string="When They Usually Open",
        help="Each recipient gets it at the hour of the week at which they most often opened or clicked in the last 90 "
        "days, at most 24 hours after it is due. Who did so less than three times, or not at these hours, gets it when "
        "it is due.",
    )
    sending_calendar_id = fields.Many2one(related="campaign_id.sending_calendar_id", string="Hours of the Campaign")

    @api.constrains("at_time", "time_of_day")
    def _check_time_of_day(self):
        for activity in self:
            if not 0 <= activity.time_of_day < 24:
                raise ValidationError(_("“%s” runs at a time of day: it lies between 00:00 and 23:59.", activity.name))

    def _add_time(self, words):
        """Return when the activity runs with its time of day, if it has one."""
        if not self.at_time:
            return words
        return _("%(when)s, at %(time)s", when=words, time=self._format_time(self.time_of_day))

    def _get_next_time_words(self):
        """Return in place of its interval when the activity runs that has none but a time of day, in words, or None."""
        if not self.at_time or self.interval_number:
            return None
        return _("At the next %s", self._format_time(self.time_of_day))

    def _get_sending_sentences(self):
        """Return in words when the message leaves, where that is not at once."""
        if not self._get_type().sends:
            return []
        sentences = []
        if self.best_time and self._get_type().mailing_type:
            sentences.append(_("Each recipient gets it when they usually open, at most 24 hours later."))
        if self.campaign_id.sending_calendar_id and self.ignore_sending_hours:
            sentences.append(_("It leaves at any time, whatever the sending hours."))
        elif self.campaign_id.sending_calendar_id:
            sentences.append(_("Outside of the sending hours it waits for the next opening."))
        return sentences

    def _get_hours_words_of(self, step):
        """Return whether a step heeds the sending hours, in words."""
        return _("ignores the sending hours") if step.ignore_sending_hours else _("keeps the sending hours")

    def _get_best_time_words_of(self, step):
        """Return whether a step waits for the time at which its recipients usually open, in words."""
        return _("when they usually open") if step.best_time else _("without waiting for when they usually open")

    def _get_held_labels(self):
        """Return how many messages of these activities wait, and what for, in words by activity id."""
        rows = self.env.execute_query(
            SQL(
                # by the index of what is held
                """SELECT activity_id, end_code, count(*) FROM marketing_trace
                    WHERE activity_id = ANY(%s) AND state = 'scheduled' AND due_date IS NOT NULL
                      AND end_code = ANY(%s) AND is_test IS NOT TRUE
                 GROUP BY activity_id, end_code ORDER BY activity_id, end_code DESC""",
                self.ids,
                [HELD, PRESSED, BEST],
            )
        )
        labels = {}
        for activity_id, code, count in rows:
            labels.setdefault(activity_id, []).append(self._describe_held(code, count))
        return {activity_id: ", ".join(words) for activity_id, words in labels.items()}

    @api.model
    def _describe_held(self, code, count):
        """Return in words how many messages wait for something."""
        number = format_number(self.env, count)
        if code == HELD:
            return _("1 waits for the sending hours") if count == 1 else _("%s wait for the sending hours", number)
        if code == BEST:
            return _("1 waits until they usually open") if count == 1 else _("%s wait until they usually open", number)
        return _("1 waits: limit of messages") if count == 1 else _("%s wait: limit of messages", number)
