from odoo import _, models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def action_retry_errors(self):
        """Try all errors of this campaign again, those of its tests and of who has left excepted.

        :return: a notification that tells how many
        """
        self.ensure_one()
        return self._retry_errors([])

    def _retry_errors(self, domain):
        self.check_access("write")
        errors = self.env["marketing.trace"].search(
            [
                ("campaign_id", "=", self.id),
                ("state", "=", "error"),
                ("is_test", "!=", True),
                ("participant_id.state", "!=", "unlinked"),
                *domain,
            ]
        )
        errors.action_retry()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": _("%s step(s) are tried again.", len(errors)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
