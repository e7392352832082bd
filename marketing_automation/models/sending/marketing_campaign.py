from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ...engine.errors import CampaignStop
from ...engine.schedule import FAR_FUTURE
from ..moments import format_weekday

FIRST_HOUR = timedelta(hours=1)


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    sending_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Sending Hours",
        index="btree_not_null",
        ondelete="restrict",
        domain="company_id and [('company_id', 'in', (company_id, False))] or []",
        help=(
            "Working hours, with their public holidays. A message that is due outside of them waits for the next "
            "opening. Empty: messages leave at any time."
        ),
    )
    tz_mode = fields.Selection(
        [("campaign", "The campaign's"), ("recipient", "Each recipient's")],
        string="Whose Clock",
        default="campaign",
        required=True,
        help=(
            "Whose clock counts for days, weeks, months, times of day and sending hours. A recipient's time zone is "
            "that of the record or its contact, otherwise that of its country if the whole country has the same "
            "time, otherwise the campaign's."
        ),
    )

    @api.constrains("sending_calendar_id", "company_id")
    def _check_sending_calendar_id(self):
        for campaign in self.filtered("company_id"):
            calendar = campaign.sending_calendar_id.sudo()  # may be one that the user does not see
            if calendar.company_id and calendar.company_id != campaign.company_id:
                raise ValidationError(
                    _(
                        "The sending hours of the campaign “%(campaign)s” are of another company: choose some of "
                        "%(company)s.",
                        campaign=campaign.name,
                        company=campaign.company_id.name,
                    )
                )

    @api.model
    def _add_missing_default_values(self, values):
        """Have a campaign of another company begin with the defaults of that one."""
        company_id = values.get("company_id")
        if isinstance(company_id, int) and company_id and company_id != self.env.company.id:
            return super(MarketingCampaign, self.with_company(company_id))._add_missing_default_values(values)
        return super()._add_missing_default_values(values)

    # ------------------------------------------------------------
    # Before it runs
    # ------------------------------------------------------------

    def _find_sending_errors(self, user):
        """Return in words why messages could not leave at their hours, with the rights of a user."""
        if not self.sending_calendar_id:
            return []
        if not self.sending_calendar_id.with_user(user).has_access("read"):
            return [_("%(user)s may not read its sending hours.", user=user.name)]
        now = fields.Datetime.now()
        try:
            hours = self.sudo()._read_sending_hours(self.sending_calendar_id.id, now, user)
        except CampaignStop as problem:
            return [str(problem)]
        if not hours.find_opening(now, self._get_tz()):
            return [self._describe_closed_hours(self.sending_calendar_id)]
        return []

    def _opens(self, calendar):
        """Tell whether messages of this campaign would ever leave by the hours of a calendar."""
        now = fields.Datetime.now()
        hours = self.sudo()._read_sending_hours(calendar.id, now, self.env.user)
        return bool(hours.find_opening(now, hours.tz))

    @api.model
    def _describe_closed_hours(self, calendar):
        return _("Its sending hours “%s” do not open within a year: no message would leave.", calendar.sudo().name)

    def _foresee_sending(self, messages, now):
        """Return in words when the first messages leave, and when the last of them does.

        :param list messages: (step, how many, when they are due) of each step: see :meth:`_foresee_messages`
        :param datetime now: UTC
        :return: in words, or an empty text; UTC, or False where no limit spreads them over more than an hour
        """
        workflow, tz = self._get_workflow(), self._get_tz()
        hours = None
        if workflow.sending_calendar_id:
            hours = self._read_sending_hours(workflow.sending_calendar_id, now, self._get_run_user())
        leaving, later = [], {}  # when, by step; by when and why, what does not leave at once
        for step, count, due in messages:
            keeps = hours and not step.ignore_sending_hours
            date = (hours.find_opening(due, tz) if keeps else None) or due
            leaving.append((date, keeps, count))
            if date > now:
                reason = _("sending hours") if date > due else _("time of day")
                later.setdefault((date, reason), []).append(self.env["marketing.activity"].browse(step.id).name)
        first = end = None
        for date, keeps, count in sorted(leaving, key=lambda left: left[0]):
            if count and self.hourly_limit:
                first, since = first or date, max(end or date, date)
                spans = hours.iter_openings(since, tz) if keeps else [(since, FAR_FUTURE)]
                end = self._find_rated_end(count, now, ((max(start, since), until) for start, until in spans)) or end
        words = self._describe_leaving(later, all(date > now for date, *_left in leaving), now, tz)
        words = " ".join(
            filter(None, (words, self._describe_best_times(step for step, count, _due in messages if count)))
        )
        return words, end if end and end - first > FIRST_HOUR else False

    def _describe_best_times(self, steps):
        """Return in words which messages may leave later, each when its recipient usually opens.

        :param steps: :class:`Step` of those that leave soon
        """
        names = [self.env["marketing.activity"].browse(step.id).name for step in steps if step.best_time]
        if not names:
            return ""
        return _(
            "%s: each recipient gets it up to 24 hours later, when they usually open.",
            ", ".join(_("“%s”", name) for name in names),
        )

    def _describe_leaving(self, later, nothing_leaves, now, tz):
        """Return in words what does not leave at once.

        :param dict later: names of steps by when and why
        :param bool nothing_leaves: whether that is everything
        """
        sentences = []
        for (date, reason), names in sorted(later.items()):
            moment = format_weekday(self.env, date, now, tz)
            if nothing_leaves and not sentences:
                sentences.append(_("Nothing leaves before %(moment)s (%(reason)s).", moment=moment, reason=reason))
                continue
            sentences.append(
                _(
                    "From %(moment)s on (%(reason)s): %(steps)s.",
                    moment=moment,
                    reason=reason,
                    steps=", ".join(_("“%s”", name) for name in names),
                )
            )
        if sentences and self._get_workflow().tz_mode == "recipient":
            sentences.append(_("That is by the campaign's clock: each recipient's own counts."))
        return " ".join(sentences)

    # ------------------------------------------------------------
    # Update
    # ------------------------------------------------------------

    def _describe_sending_changes(self, old, new):
        """Return in words what has changed of when messages leave.

        :param Workflow old: what runs
        :param Workflow new: as it is described now
        :rtype: list[str]
        """
        changes = []
        if old.sending_calendar_id != new.sending_calendar_id:
            changes.append(
                _(
                    "The sending hours were changed. Before: %(before)s. Now: %(now)s.",
                    before=self._get_hours_name(old.sending_calendar_id),
                    now=self._get_hours_name(new.sending_calendar_id),
                )
            )
        if old.tz_mode != new.tz_mode:
            labels = dict(self._fields["tz_mode"]._description_selection(self.env))
            changes.append(
                _(
                    "Whose clock counts was changed. Before: %(before)s. Now: %(now)s.",
                    before=labels[old.tz_mode],
                    now=labels[new.tz_mode],
                )
            )
        return changes

    def _get_hours_name(self, calendar_id):
        if not calendar_id:
            return _("at any time")
        calendar = self.env["resource.calendar"].browse(calendar_id).exists()
        return _("“%s”", calendar.sudo().name) if calendar else _("hours that are gone")
