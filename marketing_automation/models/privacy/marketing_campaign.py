import secrets

from odoo import fields, models

from .marketing_participant import hash_sql


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    # In the campaign, so that a copy of the database that is restored elsewhere knows its participants.
    unicity_salt = fields.Char(
        readonly=True, required=True, copy=False, groups=fields.NO_ACCESS, default=lambda self: secrets.token_hex(16)
    )

    def _hash_unicity_sql(self, value):
        """Return the hash of a value by which this campaign's records are unique, NULL where there is none.

        The same value has another hash in another campaign.

        :param SQL value: a text
        """
        self.ensure_one()
        return hash_sql(self.sudo().unicity_salt, value)
