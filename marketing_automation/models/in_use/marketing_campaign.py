"""Records of Odoo's that campaigns cannot do without: who deletes one reads which campaign, not PostgreSQL's words."""

from odoo import _, api, models
from odoo.exceptions import AccessError, UserError


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _check_not_in_use(self, fname, records):
        """Refuse to delete what a campaign refers to.

        :param str fname: the many2one by which campaigns refer to such records
        :param records: to be deleted
        :raise UserError: naming the campaign
        """
        campaigns = self.sudo().with_context(active_test=False)
        campaign = campaigns.search([(fname, "in", records.ids)], limit=1)
        if campaign:
            raise UserError(
                _(
                    "“%(record)s” is the “%(label)s” of the campaign “%(campaign)s”: archive it instead, or delete "
                    "that campaign first.",
                    record=campaign[fname].display_name,
                    label=self._fields[fname]._description_string(self.env),
                    campaign=campaign.display_name,  # not its name: it may be of another company
                )
            )

    def _check_may_rename(self, name):
        """Leave a name that links and reports tell these campaigns by to those who may write them.

        :raise AccessError:
        """
        if self and not self.sudo(False).has_access("write"):
            raise AccessError(
                _("“%s” is kept by a campaign: only those who may change the campaign may do this.", name)
            )
