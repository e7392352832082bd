from odoo import fields, models


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    summed_date = fields.Datetime(string="Summed up on", readonly=True, help="When the steps were reduced to numbers.")
