from odoo import http
from odoo.http import request

from odoo.addons.marketing_automation.controllers.clicks import ClickJudge
from odoo.addons.mass_mailing_sms.controllers.main import MailingSMSController


class MarketingAutomationSmsController(ClickJudge, MailingSMSController):
    @http.route()
    def sms_short_link_redirect(self, code, sms_id_int, **post):
        """Count a click on the link of a campaign's SMS for whom it was sent to; redirect all others uncounted."""
        # the columns that Odoo's own count reads next, in the same query
        fnames = ["marketing_trace_id", "mass_mailing_id", "campaign_id", "trace_status", "links_click_datetime"]
        trace = request.env["mailing.trace"].sudo()
        if sms_id_int:
            trace = trace.search_fetch([("sms_id_int", "=", sms_id_int)], fnames, limit=1)
        if trace.marketing_trace_id and not self._is_genuine_sms_click(code, sms_id_int, trace, post.get("s")):
            return self._redirect_uncounted(code)
        return super().sms_short_link_redirect(code, sms_id_int, **post)

    def _is_genuine_sms_click(self, code, sms_id, trace, signature):
        """Tell whether a person opened this link of this very SMS."""
        signed = request.env["sms.sms"]._check_marketing_link_signature(code, sms_id, signature)
        return signed and self._is_click_of_person(code, trace.mass_mailing_id)
