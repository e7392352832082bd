from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

# What mail gateways and chat tools announce themselves as when they open the links of a
# message before, or instead of, a person does.
SCANNER_AGENTS = (
    "barracuda",
    "bingpreview",
    "bitdefender",
    "cloudmark",
    "fireeye",
    "forcepoint",
    "googleimageproxy",
    "ironport",
    "mimecast",
    "proofpoint",
    "safelinks",
    "slackbot",
    "sophos",
    "symantec",
    "trendmicro",
    "yahoomailproxy",
)


class MarketingAutomationController(MassMailController):
    @http.route()
    def full_url_redirect(self, code, mailing_trace_id, **post):
        """Count a click on a campaign's link for whom it was sent to; redirect all others uncounted."""
        # the columns that Odoo's own count reads next, in the same query
        fnames = ["marketing_trace_id", "mass_mailing_id", "campaign_id", "trace_status", "links_click_datetime"]
        trace = request.env["mailing.trace"].sudo().search_fetch([("id", "=", mailing_trace_id)], fnames)
        if trace.marketing_trace_id and not self._is_genuine_click(code, trace, post.get("s")):
            url = request.env["link.tracker"].get_url_from_code(code)
            if not url:
                raise NotFound()
            return request.redirect(url, code=301, local=False)
        return super().full_url_redirect(code, mailing_trace_id, **post)

    def _is_genuine_click(self, code, trace, signature):
        """Tell whether a person opened this link of this very message."""
        return (
            request.httprequest.method == "GET"
            and not self._is_scanner()
            and request.env["mail.mail"]._check_marketing_link_signature(code, trace.id, signature)
            and self._is_link_of(code, trace.mass_mailing_id)
        )

    def _is_scanner(self):
        agent = (request.httprequest.user_agent.string or "").lower()
        return request.env["ir.http"].is_a_bot() or any(name in agent for name in SCANNER_AGENTS)

    def _is_link_of(self, code, mailing):
        link = request.env["link.tracker.code"].sudo().search([("code", "=", code)]).link_id
        return link.mass_mailing_id == mailing
