"""The settings of the app. Parameters that have no field here are in the administrator guide."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config

from .activity.types.server_action import TIME_LIMIT, TIME_LIMIT_KEY
from .retention.marketing_trace_figure import RETENTION_KEY
from .runtime.lanes import FIRST_SENDING_LANE, LANES_KEY, SENDING_LANES_KEY

MAX_TIME_LIMIT = 3600  # seconds; the server ends a scheduled action long before, as it comes


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_automation_health = fields.Char(compute="_compute_marketing_automation_health")
    marketing_automation_action_time_limit = fields.Integer(
        string="Time Limit of Actions",
        config_parameter=TIME_LIMIT_KEY,
        default=TIME_LIMIT,
        help="Seconds that a server action may take for one participant.",
    )
    marketing_automation_lanes = fields.Integer(
        string="Lanes",
        config_parameter=LANES_KEY,
        default=1,
        help="How many scheduled actions execute activities side by side.",
    )
    marketing_automation_sending_lanes = fields.Integer(
        string="Lanes That Send",
        config_parameter=SENDING_LANES_KEY,
        default=1,
        help="How many scheduled actions send the emails of campaigns side by side, beside Odoo's own email queue.",
    )
    marketing_automation_lane_warning = fields.Char(compute="_compute_marketing_automation_lane_warning")
    marketing_automation_retention_months = fields.Integer(
        string="Keep the steps of stopped campaigns (months)",
        config_parameter=RETENTION_KEY,
        default=0,
        help="Months after which only the numbers of a stopped campaign are kept. 0 keeps everything.",
    )

    @api.depends("company_id")
    def _compute_marketing_automation_health(self):
        campaigns = self.env["marketing.campaign"].search([("state", "=", "running")])
        parts = [campaigns._get_health()["text"], campaigns._get_zone_hint()]
        self.marketing_automation_health = " ".join(filter(None, parts))

    @api.depends("marketing_automation_lanes", "marketing_automation_sending_lanes")
    def _compute_marketing_automation_lane_warning(self):
        threads = config["max_cron_threads"]
        warning = _(
            "This server runs %s scheduled actions at a time (max_cron_threads): with as many lanes, others "
            "wait. More servers on this database help.",
            threads,
        )
        for settings in self:
            lanes = settings.marketing_automation_lanes + settings.marketing_automation_sending_lanes
            settings.marketing_automation_lane_warning = lanes > max(2, threads) and warning

    def set_values(self):
        self._check_action_time_limit()
        if self.marketing_automation_retention_months < 0:
            raise UserError(_("Steps are kept for a number of months, or for ever with 0."))
        self._check_caps()
        self._set_campaign_defaults()
        caps = self._read_caps()
        res = super().set_values()
        self._apply_caps(caps)
        self.env["marketing.campaign"].set_lane_count(self.marketing_automation_lanes)
        self.env["marketing.campaign"].set_lane_count(self.marketing_automation_sending_lanes, FIRST_SENDING_LANE)
        return res

    def _check_action_time_limit(self):
        seconds = self.marketing_automation_action_time_limit
        kept = self.env["ir.config_parameter"].sudo().get_param(TIME_LIMIT_KEY)
        if str(seconds) != kept and not 1 <= seconds <= MAX_TIME_LIMIT:
            raise ValidationError(
                _(
                    "The time limit of actions is 1 to %(max)s seconds for one participant, not %(seconds)s.",
                    max=MAX_TIME_LIMIT,
                    seconds=seconds,
                )
            )
