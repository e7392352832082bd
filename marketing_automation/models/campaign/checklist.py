"""What is to be looked at in the messages of a campaign before it starts."""

from odoo import models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def get_checklist(self):
        """Return what is to be looked at in the messages of the campaign before it starts.

        :return: for each message, what a card shows of it, with the ``activity`` and what is to be looked at as
            ``checks`` (see ``mailing.mailing._get_marketing_checks``), an empty list where all is well
        :rtype: list[dict]
        """
        self.ensure_one()
        self.check_access("read")
        company = self.company_id or self.env.company
        checklist, seen = [], set()
        for activity in self.marketing_activity_ids:
            mail = activity._get_mail_preview()
            if mail and mail["id"] not in seen:
                seen.add(mail["id"])
                checks = activity.mass_mailing_id._get_marketing_checks(company)
                checklist.append({**mail, "activity": activity.name, "checks": checks})
        return checklist
