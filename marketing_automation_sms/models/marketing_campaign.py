from odoo import _, api, models
from odoo.tools import SQL


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def _get_left_out_labels(self):
        return {
            **super()._get_left_out_labels(),
            "sms_blacklist": _("blocklisted"),
            "sms_optout": _("opted out"),
            "sms_number_missing": _("without a phone number"),
            "sms_number_format": _("with a number that cannot be read"),
            "sms_duplicate": _("with the number of somebody else here"),
        }

    @api.model
    def _get_channel_labels(self):
        return {**super()._get_channel_labels(), "sms": (_("SMS"), _("SMS"))}

    def _get_address_sql(self, step, model):
        """Find the number of a record: its own, else that of its contact."""
        if self.env["marketing.activity"]._get_types()[step.activity_type].mailing_type != "sms":
            return super()._get_address_sql(step, model)
        join = self._get_contact_join_sql(model)
        sanitized = model._fields.get("phone_sanitized")
        if not (sanitized and sanitized.store) and not join:
            return SQL(), SQL("NULL::text"), SQL("NULL::text")  # nobody knows before the message is made
        numbers, entered = [], []
        if sanitized and sanitized.store:
            numbers.append(SQL("NULLIF(t.phone_sanitized, '')"))
            names = [name for name in model._phone_get_number_fields() if name in model._fields]
            entered += [SQL.identifier("t", name) for name in names if model._fields[name].store]
        if join:
            numbers.append(SQL("NULLIF(contact.phone_sanitized, '')"))
            # of a record with a contact Odoo tells about the contact's number
            entered = [SQL("CASE WHEN contact.id IS NULL THEN %s END", raw) for raw in entered] + [SQL("contact.phone")]
        number = SQL("COALESCE(%s)", SQL(", ").join(numbers))
        cases = []
        if self.env["mailing.mailing"].sudo().browse(step.template_id).use_exclusion_list:
            blocked = SQL("SELECT number FROM phone_blacklist WHERE active AND number IS NOT NULL")
            cases.append(SQL("WHEN %s IN (%s) THEN 'sms_blacklist'", number, blocked))
        raw = SQL("btrim(concat(%s))", SQL(", ").join(entered))
        cases.append(SQL("WHEN %s IS NULL AND %s = '' THEN 'sms_number_missing'", number, raw))
        cases.append(SQL("WHEN %s IS NULL THEN 'sms_number_format'", number))
        if model._name == "mailing.contact":
            opted_out = self.env["mailing.contact"]._get_opted_out_sql(self._get_named_lists())
            cases.append(SQL("WHEN t.id IN (%s) THEN 'sms_optout'", opted_out))
        return join, SQL("CASE %s END", SQL(" ").join(cases)), number

    def _has_phone_numbers(self):
        """Tell whether Odoo finds a number for the records of the target: theirs, or a contact's."""
        if self.model_name not in self.env:
            return True  # that is an error of its own
        target = self.env[self.model_name]
        return bool(target._phone_get_number_fields() or target._mail_get_partner_fields())
