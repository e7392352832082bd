from odoo import models

from .marketing_campaign import LEFT_OUT_CONDITION


class MarketingTrace(models.Model):
    _inherit = "marketing.trace"

    # Who got no message: the line of the card, index only.
    _left_out = models.Index(f"(activity_id, end_code) WHERE {LEFT_OUT_CONDITION}")
