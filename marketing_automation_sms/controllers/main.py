from odoo import http
from odoo.http import request

from odoo.addons.marketing_automation.controllers.clicks import TrackedClickMixin
from odoo.addons.marketing_automation.controllers.pages import PublicPages
from odoo.addons.mass_mailing_sms.controllers.main import MailingSMSController

from ..wizard.marketing_sample import SAMPLE_CODE


class MarketingAutomationSmsController(TrackedClickMixin, PublicPages, MailingSMSController):
    @http.route()
    def blacklist_page(self, mailing_id, trace_code, **post):
        """Say of the link in a sample that it is one: there is nobody to unsubscribe."""
        if trace_code == SAMPLE_CODE:
            return self._render_page("marketing_automation_sms.page_sample")
        if "\0" in trace_code:
            return self._answer_nothing()
        return super().blacklist_page(mailing_id, trace_code, **post)

    @http.route()
    def blacklist_number(self, mailing_id, trace_code, **post):
        if "\0" in trace_code:
            return self._answer_nothing()
        return super().blacklist_number(mailing_id, trace_code, **post)

    @http.route("/r/<string:code>/s/<string:sms_id_int>")
    def sms_short_link_redirect(self, code, sms_id_int, **post):
        """Count a click on the link of a campaign's SMS for whom it was sent to; redirect all others uncounted."""
        code, sms_id_int = self._read_link(code, sms_id_int)
        # the columns that Odoo's own count reads next, in the same query
        fnames = ["marketing_trace_id", "mass_mailing_id", "campaign_id", "trace_status", "links_click_datetime"]
        traces = request.env["mailing.trace"].sudo()
        if sms_id_int:
            traces = traces.search_fetch([("sms_id_int", "=", sms_id_int)], fnames)
        trace = traces.filtered("marketing_trace_id")[:1]
        if not trace:
            return super().sms_short_link_redirect(code, sms_id_int, **post)
        if self._is_genuine_sms_click(code, sms_id_int, trace, post.get("s")):
            # not by Odoo, which looks for the message again, and fails where somebody made a second one of that number
            request.env["link.tracker.click"].sudo().add_click(code, **self._get_click_values(trace))
        return self._redirect_uncounted(code)

    def _is_genuine_sms_click(self, code, sms_id, trace, signature):
        """Tell whether a person opened this link of this very SMS."""
        signed = request.env["sms.sms"]._check_marketing_link_signature(code, sms_id, signature)
        return signed and self._is_click_of_person(code, trace.mass_mailing_id)
