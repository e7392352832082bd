"""Export of campaigns to a file, and what of them it has."""

import json

from odoo import _, api, models
from odoo.exceptions import UserError

from ...engine.campaign_file import MEGABYTE, MOST_BYTES, MOST_CAMPAIGNS
from .writer import CampaignWriter

ROUTE = "/marketing_automation/export"


class MarketingCampaign(models.Model):
    _name = "marketing.campaign"
    _inherit = ["marketing.moving.mixin", "marketing.campaign"]

    @api.model
    def _get_unmoved_fields(self):
        return {
            "active": "an import makes drafts",
            "company_id": "companies are of one database; the draft is of whoever imports it",
            "mailing_filter_id": "its conditions are in the domain",
            "model_id": "the target, which a file has by its technical name",
            "entry_ids": "a part of its own",
            "marketing_activity_ids": "a part of its own",
        }

    def action_export(self):
        """Have the browser download a file with these campaigns.

        :return: the action that does so
        :raise AccessError: for a user who may not read them
        """
        if not self:
            raise UserError(_("Choose the campaigns to export."))
        self.check_access("read")
        if len(self) > MOST_CAMPAIGNS:
            raise UserError(_("A file takes at most %s campaigns: choose fewer.", MOST_CAMPAIGNS))
        ids = ",".join(map(str, self.ids))
        return {"type": "ir.actions.act_url", "url": f"{ROUTE}?ids={ids}", "target": "download"}

    @api.private
    def _export_file(self):
        """Return a file with these campaigns, as far as the user may read what they consist of.

        :rtype: bytes
        :raise AccessError: for a user who may not read them
        :raise UserError: where the file would be too large
        """
        self.check_access("read")
        data = CampaignWriter(self).write_file()
        content = json.dumps(data, ensure_ascii=False, indent=1).encode()
        if len(content) > MOST_BYTES:
            raise UserError(
                _(
                    "The file would have %(size)s MB, and an import takes at most %(most)s MB: export fewer campaigns "
                    "at once.",
                    size=-(-len(content) // MEGABYTE),
                    most=MOST_BYTES // MEGABYTE,
                )
            )
        return content
