from odoo import models


class MarketingCampaignTest(models.TransientModel):
    _inherit = "marketing.campaign.test"

    def _sends_sms(self):
        return "sms" in self.campaign_id.marketing_activity_ids.mapped("activity_type")

    def _get_addresses(self, record):
        addresses = super()._get_addresses(record)
        if self._sends_sms() and hasattr(record, "_sms_get_recipients_info"):
            info = record._sms_get_recipients_info().get(record.id) or {}
            number = info.get("sanitized") or info.get("number")
            addresses += [number] if number else []
        return addresses

    def _get_own_addresses(self):
        partner = self.env.user.partner_id
        numbers = [number for number in (partner.phone, partner.phone_sanitized) if number]
        return super()._get_own_addresses() + numbers

    def _prepare_me_values(self, model):
        values = super()._prepare_me_values(model)
        phone = self.env.user.partner_id.phone
        numbers = model._phone_get_number_fields() if hasattr(model, "_phone_get_number_fields") else []
        if phone and numbers:
            values.setdefault(numbers[0], phone)
        return values
