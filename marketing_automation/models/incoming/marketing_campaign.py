from odoo import models
from odoo.exceptions import UserError

from ...engine.errors import CampaignStop


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _get_readable_lists(self, default=()):
        """Return the ids of the lists that the filter names.

        Whoever opts out has opted out, and mails of others go out, whatever is wrong with somebody's campaign.

        :param default: what to return for a filter that cannot be read
        """
        try:
            return self._get_named_lists()
        except (CampaignStop, KeyError, UserError, ValueError):
            return default
