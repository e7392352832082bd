from odoo import fields, models

from ..fields import Many2oneNoConstraint


class MarketingEntryCall(models.Model):
    """How often a webhook was called in the last minute in which it was: one row for each.

    Counted by an UPSERT in a transaction of its own, so that a call that fails counts too.
    """

    _name = "marketing.entry.call"
    _inherit = "marketing.guard"
    _written_by_engine = True
    _description = "Marketing Entry Calls"
    _rec_name = "minute"
    _log_access = False

    entry_id = Many2oneNoConstraint("marketing.entry", required=True, readonly=True)
    minute = fields.Datetime(required=True, readonly=True)
    number = fields.Integer(required=True, readonly=True)

    _entry_uniq = models.UniqueIndex("(entry_id)")
