"""Whoever changes working hours or days off wakes the engine: campaigns may send by them."""

from odoo import models


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        res = super().write(vals)
        self.env["marketing.campaign"]._wake_for_hours()
        return res
