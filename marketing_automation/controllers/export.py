"""The file of campaigns that *Export Campaigns* downloads."""

import re

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..engine.campaign_file import MOST_CAMPAIGNS
from ..models.guards.marketing_checked_mixin import MAX_INTEGER
from ..models.moving.marketing_campaign import ROUTE


class CampaignExport(http.Controller):
    @http.route(ROUTE, type="http", auth="user", methods=["GET"], readonly=True)
    def export_campaigns(self, ids="", **_options):
        """Give the file, to those who may read the campaigns."""
        if not re.fullmatch(r"\d{1,10}(,\d{1,10})*", ids) or ids.count(",") >= MOST_CAMPAIGNS:
            return request.not_found()
        numbers = [int(number) for number in ids.split(",")]
        campaigns = request.env["marketing.campaign"].browse(n for n in numbers if 0 < n <= MAX_INTEGER)
        try:
            if not campaigns or campaigns.exists() != campaigns or not campaigns.has_access("read"):
                return request.not_found()
            content = campaigns._export_file()
        except UserError as error:
            return request.make_response(str(error), [("Content-Type", "text/plain; charset=utf-8")], status=400)
        name = campaigns.name if len(campaigns) == 1 else "campaigns"
        name = re.sub(r"[^\w-]+", "-", name).strip("-")[:60] or "campaign"
        return request.make_response(
            content,
            [
                ("Content-Type", "application/json"),
                ("Content-Disposition", content_disposition(f"{name}-{fields.Date.today()}.json")),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
