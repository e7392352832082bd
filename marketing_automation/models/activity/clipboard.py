"""A step with all below it is copied to another place, or removed so that it can be taken back."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..guards.marketing_checked_mixin import shorten

KEPT_DAYS = 1  # that a removed step without a history can be taken back
MOST_DISCARDED = 1000  # deleted by one run of Odoo's daily cleaning


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    discard_date = fields.Datetime(
        string="Removed on",
        readonly=True,
        engine_only=True,
        copy=False,
        index="btree_not_null",
        help="When it was removed without a history: until it is deleted a day later, that can be undone.",
    )

    # ------------------------------------------------------------
    # Copy
    # ------------------------------------------------------------

    def action_paste(self, campaign_id, parent_id=False, way=None):
        """Copy this activity with all below it, and what they execute, to a place in a campaign of the same target.

        :param int campaign_id:
        :param parent_id: id of the activity that the copy follows; False for the beginning of the workflow
        :param way: the key of one of the ways of that activity, see :meth:`_get_ways`
        :return: id of the copy
        :raise UserError: for what is no longer there, and for another target
        :raise AccessError: for a user who may not write the campaign
        """
        source = self.exists()
        if len(source) != 1 or not source.active:
            raise UserError(_("The activity that you copied was removed meanwhile: copy another one."))
        source.check_access("read")
        campaign = self.env["marketing.campaign"].browse(campaign_id).exists()
        if not campaign:
            raise UserError(_("The campaign into which you paste was deleted."))
        campaign.check_access("write")
        if campaign.model_name != source.model_name:
            raise UserError(
                _(
                    "“%(activity)s” is made for “%(source)s”, and the campaign “%(campaign)s” is for “%(target)s”: "
                    "paste it into a campaign of the same target.",
                    activity=source.name,
                    source=source.model_id.sudo().name or source.model_name,
                    campaign=campaign.name,
                    target=campaign.model_id.sudo().name or campaign.model_name,
                )
            )
        parent = self.browse(parent_id or []).exists()
        if parent_id and (parent.campaign_id != campaign or not parent.active):
            raise UserError(_("The activity below which you paste was removed meanwhile."))
        values = {"parent_id": parent.id, **parent._get_way_values(way)}
        values["sequence"] = max(campaign.marketing_activity_ids.mapped("sequence"), default=0) + 10
        if campaign == source.campaign_id:
            values["name"] = _("%s (copy)", source.name)
        return source._copy_branch_to(campaign, values).id

    def _get_way_values(self, way):
        """Return what an activity is that follows this one by one of its ways; of none, one that begins the workflow.

        :param str way: a key
        :raise UserError: where it has no such way
        """
        if not self:
            return {"trigger_type": "begin"}
        ways = {found["key"]: found for found in self._get_ways()}
        if not isinstance(way, str) or way not in ways:
            raise UserError(_("Nothing can follow “%(activity)s” by “%(way)s”.", activity=self.name, way=shorten(way)))
        return {"trigger_type": ways[way]["trigger"], **ways[way]["values"]}

    def _copy_branch_to(self, campaign, values):
        """Copy this activity, and those below it, into a campaign.

        :param campaign: which may be its own
        :param dict values: of the first copy
        :return: the first copy
        """
        branch = self.search([("id", "child_of", self.ids)])
        children, copies, executed = branch.grouped("parent_id"), {}, {}
        copies[self.id] = self._copy_to(campaign, None, executed, **values)
        waiting = [self]
        while waiting:
            parent = waiting.pop(0)
            for child in children.get(parent, ()):
                copies[child.id] = child._copy_to(campaign, copies[parent.id], executed)
                waiting.append(child)
        # what stays where it is can still be led to
        known = copies if campaign != self.campaign_id else {**campaign.marketing_activity_ids.grouped("id"), **copies}
        for activity in branch:
            copies[activity.id]._ask_type("relink", activity, known)
        return copies[self.id]

    # ------------------------------------------------------------
    # Remove, and take back
    # ------------------------------------------------------------

    def _discard(self):
        """Set these activities aside, with those below them; :return: all that were set aside"""
        branch = self.search([("id", "child_of", self.ids)])
        kept = branch._filter_needed()
        branch.action_archive()
        (branch - kept).sudo().discard_date = fields.Datetime.now()  # sudo: only the engine dates it
        return branch

    @api.model
    def _delete_discarded(self, domain):
        """Delete the activities that were removed, and have no history, among some.

        :param list domain:
        """
        # sudo: whoever deletes what they rest on need not see them
        discarded = self.sudo().with_context(active_test=False)
        discarded = discarded.search([("active", "=", False), ("discard_date", "!=", False), *domain])
        branches = discarded.search([("id", "child_of", discarded.ids)])
        needed = branches._filter_needed() | branches.filtered("active")
        above = self.browse()
        while needed:
            above |= needed
            needed = needed.parent_id - above
        (discarded - above).exists().unlink()

    @api.autovacuum
    def _gc_discarded(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        oldest = self.sudo().with_context(active_test=False)
        oldest = oldest.search([("discard_date", "<", limit)], order="discard_date", limit=MOST_DISCARDED)
        self._delete_discarded([("id", "in", oldest.ids)])
