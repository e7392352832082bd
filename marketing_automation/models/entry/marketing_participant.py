from odoo import fields, models

from ..fields import Many2oneNoConstraint


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    # an entry by which people came is archived, never deleted; a foreign key would ask for it once a participant, and
    # fail beside a look of the engine, which writes the entry
    entry_id = Many2oneNoConstraint("marketing.entry", readonly=True)
    entry_key = fields.Char(
        string="Occurrence",
        readonly=True,
        help="For what they entered: of an entry by a date, that date. Nobody enters for the same one twice.",
    )

    _entry_uniq = models.UniqueIndex("(entry_id, res_id, entry_key) WHERE entry_key IS NOT NULL")
    _by_entry = models.Index("(entry_id, date_start) WHERE entry_id IS NOT NULL")
