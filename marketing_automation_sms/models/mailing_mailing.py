from odoo import _, api, models

from odoo.addons.marketing_automation.engine.context import message_batch, test_run
from odoo.addons.marketing_automation.links import find_links


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    @api.model
    def _get_template_views(self):
        return {**super()._get_template_views(), "sms": "marketing_automation_sms.mailing_mailing_view_form_template"}

    @api.model
    def _get_marketing_text_fields(self):
        return [*super()._get_marketing_text_fields(), "body_plaintext"]

    @api.model
    def _get_marketing_setting_fields(self):
        return [*super()._get_marketing_setting_fields(), "sms_allow_unsubscribe"]

    def _get_marketing_checks(self, company):
        checks = super()._get_marketing_checks(company)
        if self.mailing_type == "sms":
            links = find_links(self.body_plaintext)
            checks += [dict(check, page="sms_body") for url in links if (check := self._check_link(url, url))]
        return checks

    def _get_marketing_links(self):
        if self.mailing_type != "sms":
            return super()._get_marketing_links()
        return [[url, ""] for url in find_links(self.body_plaintext) if "{{" not in url]

    def action_send_sms(self, res_ids=None):
        if not message_batch(self.env):
            self._check_not_marketing_template()
        return super().action_send_sms(res_ids)

    def _get_marketing_preview(self):
        preview = super()._get_marketing_preview()
        if self.mailing_type == "sms":
            text = self._get_readable_text(self.body_plaintext).strip()
            preview.update(url=False, preview="", sender="", text=text or _("This SMS has no text yet."))
        return preview

    def action_test(self):
        """Open the app's own dialog for a template: that of SMS Marketing comes before it otherwise."""
        return self._open_marketing_sample() if self.use_in_marketing_automation else super().action_test()

    def action_retry_failed_sms(self):
        self._check_not_marketing_template()
        return super().action_retry_failed_sms()

    def _send_sms_get_composer_values(self, res_ids):
        """Leave the sending to Odoo's queue: no call to a provider while the engine holds its locks.

        But for a test, whose user waits for the result. Its SMS is sent before it is
        committed: from then on the queue could send it too.
        """
        values = super()._send_sms_get_composer_values(res_ids)
        batch = message_batch(self.env)
        if batch:
            values["mass_force_send"] = bool(test_run(batch.traces.env))
        return values
