from odoo import _, api, fields, models


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _get_campaign_templates(self):
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0)
        since = fields.Datetime.to_string(fields.Datetime.subtract(today, days=7))
        return {
            **super()._get_campaign_templates(),
            "schedule_calls": {
                "name": _("Schedule Calls"),
                "summary": _("If a lead is created for existing contact, schedule a call with their salesperson."),
                "icon": "fa-phone",
                "sequence": 50,
                "model": "crm.lead",
                "campaign": {
                    "domain": repr([("partner_id", "!=", False), ("create_date", ">=", since)]),
                    "leave_on_mismatch": False,
                },
                "activities": [
                    {
                        "key": "call",
                        "name": _("Schedule a call"),
                        "activity_type": "action",
                        "action": "lead_call",
                    },
                ],
            },
            "hot_leads": {
                "name": _("Prioritize Hot leads"),
                "summary": _("Send an email to new leads and assign them a high priority if they open it."),
                "icon": "fa-star",
                "sequence": 60,
                "model": "crm.lead",
                "campaign": {
                    "domain": repr([("email_from", "!=", False), ("create_date", ">=", since)]),
                    "leave_on_mismatch": False,
                },
                "activities": [
                    {
                        "key": "introduction",
                        "name": _("Introduction"),
                        "activity_type": "email",
                        "mailing": {
                            "subject": _("Thank you for getting in touch"),
                            "preview": _("Who we are, and what happens next"),
                            "body": "marketing_automation_crm.template_email_introduction",
                        },
                    },
                    {
                        "key": "priority",
                        "parent": "introduction",
                        "name": _("Set a high priority"),
                        "trigger_type": "mail_open",
                        "activity_type": "action",
                        "action": "lead_priority",
                    },
                ],
            },
        }

    @api.model
    def _get_template_actions(self):
        return {
            **super()._get_template_actions(),
            "lead_call": lambda: {
                "name": _("Schedule a call"),
                "model": "crm.lead",
                "state": "code",
                "code": self._get_template_call_code(_("Call about the lead")),
            },
            "lead_priority": lambda: {
                "name": self.env._("Set a high priority"),
                "model": "crm.lead",
                "state": "object_write",
                "update_path": "priority",
                "evaluation_type": "value",
                "value": "2",
            },
        }

    def _get_template_call_code(self, summary):
        """Return the code that plans a call about a lead: for the salesperson of its contact, else for its own.

        With Odoo's means alone: campaigns that run it go on when this addon goes.
        """
        return (
            "user = record.partner_id.user_id or record.user_id or env.user\n"
            f"record.activity_schedule('mail.mail_activity_data_call', summary={summary!r}, user_id=user.id)"
        )
