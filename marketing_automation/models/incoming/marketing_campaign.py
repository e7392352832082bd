from odoo import models
from odoo.exceptions import UserError

from ...engine.errors import CampaignStop


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_readable_lists(self):
        """Return the ids of the lists that the filter names; none of a filter that cannot be read.

        Whoever opts out has opted out, whatever is wrong with somebody's campaign.
        """
        try:
            return self._get_named_lists()
        except (CampaignStop, KeyError, UserError, ValueError):
            return []
