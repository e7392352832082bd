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

    @api.model
    def _check_not_in_filter(self, records):
        """Refuse to delete what a filter of a running campaign names: it would match nobody from then on, or everybody.

        :param records: to be deleted
        :raise UserError: naming the campaign
        """
        for campaign in self.sudo().search([("state", "=", "running")]):
            named = records & records.browse(campaign._find_named_ids(records._name))
            if named:
                raise UserError(
                    _(
                        "“%(record)s” is named by a filter of the campaign “%(campaign)s”, which is running: take it "
                        "out of the filter and update the campaign, or stop it, before you delete it.",
                        record=named[:1][named._rec_name],
                        campaign=campaign.display_name,  # not its name: it may be of another company
                    )
                )

    def _find_named_ids(self, model_name):
        """Return the ids of a model's records that the filters of this campaign name: those that run, and as edited.

        :rtype: list[int]
        """
        self.ensure_one()
        workflow = self._get_workflow()
        filters = [self.domain, workflow.domain, *self._get_goal_filters().values()]
        filters += filter(None, (workflow.goal_domain, workflow.exit_domain))
        filters += [step.domain for step in workflow.steps.values()]
        for activity in self.marketing_activity_ids:
            filters += [activity.activity_domain, *activity._ask_type("find_filters", default={}).values()]
        model = self.env.get(self.model_name)
        ids = set()
        for text in set(filters) if model is not None else ():
            try:
                domain = self._parse_filter(text or "[]", self.env)
                for field, named in self._find_references(model, domain):
                    ids.update(named if field.comodel_name == model_name else ())
            except (UserError, ValueError, KeyError):  # a filter that cannot be read: the form of the campaign says so
                continue
        return sorted(ids)

    def _check_may_rename(self, name):
        """Leave a name that links and reports tell these campaigns by to those who may write them.

        :raise AccessError:
        """
        if self and not self.sudo(False).has_access("write"):
            raise AccessError(
                _("“%s” is kept by a campaign: only those who may change the campaign may do this.", name)
            )
