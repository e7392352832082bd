from odoo import http
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

from .clicks import ClickJudge


class MarketingAutomationController(ClickJudge, MassMailController):
    @http.route()
    def full_url_redirect(self, code, mailing_trace_id, **post):
        """Count a click on a campaign's link for whom it was sent to; redirect all others uncounted."""
        # the columns that Odoo's own count reads next, in the same query
        fnames = ["marketing_trace_id", "mass_mailing_id", "campaign_id"]
        trace = request.env["mailing.trace"].sudo().search_fetch([("id", "=", mailing_trace_id)], fnames)
        if trace.marketing_trace_id and not self._is_genuine_click(code, trace, post.get("s")):
            return self._redirect_uncounted(code)
        return super().full_url_redirect(code, mailing_trace_id, **post)

    def _is_genuine_click(self, code, trace, signature):
        """Tell whether a person opened this link of this very message."""
        signed = request.env["mail.mail"]._check_marketing_link_signature(code, trace.id, signature)
        return signed and self._is_click_of_person(code, trace.mass_mailing_id)
