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


class UtmCampaign(models.Model):
    _inherit = "utm.campaign"

    def write(self, vals):
        if not self.env.su and not vals.keys().isdisjoint(("name", "title", "is_auto_campaign", "active")):
            campaigns = self.env["marketing.campaign"].sudo().with_context(active_test=False)
            campaigns = campaigns.search([("utm_campaign_id", "in", self.ids)])
            campaigns._check_may_rename(campaigns[:1].utm_campaign_id.title)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.env["marketing.campaign"]._check_not_in_use("utm_campaign_id", self)


class UtmSource(models.Model):
    _inherit = "utm.source"

    def write(self, vals):
        if not self.env.su and "name" in vals:
            mailings = self.env["mailing.mailing"].sudo().with_context(active_test=False)
            mailings = mailings.search([("source_id", "in", self.ids), ("marketing_campaign_id", "!=", False)])
            mailings.marketing_campaign_id._check_may_rename(mailings[:1].source_id.name)
        return super().write(vals)


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.env["marketing.campaign"]._check_not_in_use("company_id", self)


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self.env["marketing.campaign"]._check_not_in_use("run_as_id", self)


class MailingList(models.Model):
    _inherit = "mailing.list"

    # A link to a mailing from this side is no write of the mailing.

    @api.model_create_multi
    def create(self, vals_list):
        lists = super().create(vals_list)
        if any("mailing_ids" in vals for vals in vals_list) or "default_mailing_ids" in self.env.context:
            lists.mailing_ids._check_marketing_campaign_access()
        return lists

    def write(self, vals):
        before = self.mailing_ids if "mailing_ids" in vals else None
        res = super().write(vals)
        if before is not None:
            ((before - self.mailing_ids) + (self.mailing_ids - before))._check_marketing_campaign_access()
        return res
