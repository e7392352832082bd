from odoo import fields, models


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    entry_id = fields.Many2one("marketing.entry", readonly=True, ondelete="set null")
    entry_key = fields.Char(
        string="Occurrence",
        readonly=True,
        help="For what they entered: of an entry by a date, that date. Nobody enters for the same one twice.",
    )

    _entry_uniq = models.UniqueIndex("(entry_id, res_id, entry_key) WHERE entry_key IS NOT NULL")
    _by_entry = models.Index("(entry_id, date_start) WHERE entry_id IS NOT NULL")
