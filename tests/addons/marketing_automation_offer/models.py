"""A campaign template: an offer, a reminder for whoever has not clicked in it, a to-do for each answer."""

from odoo import _, api, models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _get_campaign_templates(self):
        offer = {
            "key": "offer",
            "name": _("Offer"),
            "activity_type": "email",
            "mailing": {"subject": _("An offer for {{ object.name }}"), "body": "marketing_automation_offer.email"},
        }
        reminder = {
            "key": "reminder",
            "parent": "offer",
            "name": _("Reminder"),
            "trigger_type": "mail_not_click",
            "interval_number": 3,
            "interval_type": "days",
            "activity_type": "email",
            "mailing": {"subject": _("Did you see it?"), "body": "marketing_automation_offer.email"},
        }
        answer = {
            "key": "answer",
            "parent": "offer",
            "name": _("Answer"),
            "trigger_type": "mail_reply",
            "activity_type": "action",
            "action": "offer_answer",
        }
        template = {
            "name": _("Offer"),
            "summary": _("Send an offer, and a reminder to whoever did not click in it."),
            "icon": "fa-gift",
            "sequence": 910,
            "model": "res.partner",
            "campaign": {"domain": repr([("email", "!=", False)])},
            "activities": [offer, reminder, answer],
        }
        return {**super()._get_campaign_templates(), "offer": template}

    @api.model
    def _get_template_actions(self):
        return {
            **super()._get_template_actions(),
            "offer_answer": lambda: {
                "name": _("Answer the customer"),
                "model": "res.partner",
                "state": "next_activity",
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "activity_summary": _("Answer the customer"),
                "activity_user_type": "generic",
                "activity_user_field_name": "user_id",
            },
        }
