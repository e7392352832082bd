from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .caps import CAP_KEY, DAYS, DAYS_KEY, MAILINGS_KEY, MODE_KEY

CAMPAIGN = "marketing.campaign"
DEFAULTS = ("sending_calendar_id", "tz_mode")  # of new campaigns, by company


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_automation_sending_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Sending Hours of New Campaigns",
        domain="[('company_id', 'in', (company_id, False))]",
    )
    marketing_automation_tz_mode = fields.Selection(
        [("campaign", "The campaign's"), ("recipient", "Each recipient's")],
        string="Clock of New Campaigns",
        default="campaign",
        required=True,
    )
    marketing_automation_cap_mail_on = fields.Boolean(
        string="Emails to One Address", config_parameter=f"{CAP_KEY}mail_on"
    )
    marketing_automation_cap_mail = fields.Integer(
        string="Emails at Most", config_parameter=f"{CAP_KEY}mail", default=3
    )
    marketing_automation_cap_days = fields.Integer(string="Days of the Limit", config_parameter=DAYS_KEY, default=DAYS)
    marketing_automation_cap_mode = fields.Selection(
        [("wait", "Wait until there is room"), ("skip", "Are not sent")],
        string="Messages beyond It",
        config_parameter=MODE_KEY,
        default="wait",
        required=True,
    )
    marketing_automation_cap_mailings = fields.Boolean(
        string="Count the mailings of Email Marketing too", config_parameter=MAILINGS_KEY
    )

    @api.model
    def _get_cap_channels(self):
        """Extension point: of what there may be a limit: ``mail``, ``sms``."""
        return ["mail"]

    def _check_caps(self):
        """Refuse limits that are none, in words."""
        parameters = self.env["ir.config_parameter"]
        channels = [name for name in self._get_cap_channels() if self[f"marketing_automation_cap_{name}_on"]]
        for channel in channels:
            parameters._check_cap(f"{CAP_KEY}{channel}", str(self[f"marketing_automation_cap_{channel}"]))
        if channels:
            parameters._check_cap(DAYS_KEY, str(self.marketing_automation_cap_days))

    def _read_caps(self):
        return {name: self.env["marketing.campaign"]._get_cap(name) for name in self._get_cap_channels()}

    def _apply_caps(self, before):
        """Count what was sent before, where a limit is new or looks back further, and have who waits ask again.

        :param dict before: the limits as they were, by channel
        """
        after = self._read_caps()
        for channel, cap in after.items():
            if cap and (not before[channel] or cap.days > before[channel].days):
                self.env["marketing.campaign"]._begin_counting(channel)
        if after != before:
            # sudo: who may change Settings does; the engine's rows
            self.env["marketing.trace"].sudo()._ask_all_again()

    # ------------------------------------------------------------
    # New campaigns
    # ------------------------------------------------------------

    @api.model
    def get_values(self):
        values = super().get_values()
        calendar_id, tz_mode = (self._get_campaign_default(name) for name in DEFAULTS)
        calendar = self.env["resource.calendar"].browse(calendar_id if isinstance(calendar_id, int) else [])
        return {
            **values,
            "marketing_automation_sending_calendar_id": calendar.exists().id,
            "marketing_automation_tz_mode": tz_mode if tz_mode == "recipient" else "campaign",
        }

    @api.model
    def _get_campaign_default(self, name):
        """Return what a field of new campaigns of this company holds: what is kept for it, or for all companies."""
        defaults = self.env["ir.default"].sudo()  # sudo: who opens Settings reads no defaults
        value = defaults._get(CAMPAIGN, name, company_id=True)
        return defaults._get(CAMPAIGN, name) if value is None else value

    def _set_campaign_defaults(self):
        """Keep the defaults of new campaigns of this company, where they have changed.

        :raise ValidationError: where no message could leave by them
        """
        calendar = self.marketing_automation_sending_calendar_id
        defaults = self.env["ir.default"].sudo()  # sudo: who may change Settings does
        wanted = {"sending_calendar_id": calendar.id, "tz_mode": self.marketing_automation_tz_mode}
        for name, value in wanted.items():
            kept = self._get_campaign_default(name)
            if value == (kept or ("campaign" if name == "tz_mode" else False)):
                continue
            if name == "sending_calendar_id" and calendar:
                self._check_calendar(calendar)
            defaults.set(CAMPAIGN, name, value, company_id=self.env.company.id)

    @api.model
    def _check_calendar(self, calendar):
        """Refuse hours by which no new campaign could run, in words."""
        company = self.env.company
        if calendar.company_id and calendar.company_id != company:
            words = _(
                "The sending hours “%(hours)s” are of another company: choose some of %(company)s.",
                hours=calendar.name,
                company=company.name,
            )
        elif not calendar.active:
            words = _("The sending hours “%s” are archived: choose others.", calendar.name)
        elif not self.env[CAMPAIGN].new({"company_id": company.id})._opens(calendar):
            words = _("The sending hours “%s” do not open within a year: no message would leave.", calendar.name)
        else:
            return
        raise ValidationError(words)
