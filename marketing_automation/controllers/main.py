from urllib.parse import urlencode

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..models.engine_context import CLICK_KEY, ConfirmedClick
from .clicks import ClickJudge


class MarketingAutomationController(ClickJudge, MassMailController):
    @http.route()
    def full_url_redirect(self, code, mailing_trace_id, **post):
        """Count a click on a campaign's link for whom it was sent to; redirect all others uncounted."""
        trace = self._get_mailing_trace(mailing_trace_id)
        if not trace.marketing_trace_id:
            return super().full_url_redirect(code, mailing_trace_id, **post)
        signature = post.get("s")
        if not self._is_genuine_click(code, trace, signature):
            return self._redirect_uncounted(code)
        if trace.mass_mailing_id.marketing_confirm_click:
            url = f"/marketing_automation/confirm/{code}/{mailing_trace_id}?{urlencode({'s': signature})}"
            return request.render(
                "marketing_automation.page_confirm_click", {"confirm_url": url}, headers={"Cache-Control": "no-store"}
            )
        response = super().full_url_redirect(code, mailing_trace_id, **post)
        if trace._is_of_marketing_test():
            # without Odoo's UTM parameters: what a visit brings in would be counted for the campaign
            response.location = self._get_link(code).absolute_url
        return response

    @http.route(
        "/marketing_automation/confirm/<string:code>/<int:mailing_trace_id>",
        type="http",
        auth="public",
        methods=["POST"],
        # the signature, which only the recipient was given, is what the token would be
        csrf=False,
        sitemap=False,
    )
    def confirm_click(self, code, mailing_trace_id, **post):
        """Count a click that a person's browser has confirmed, and note where it came from."""
        trace = self._get_mailing_trace(mailing_trace_id)
        if not trace.marketing_trace_id or not self._is_genuine_click(code, trace, post.get("s"), method="POST"):
            raise NotFound()
        address = request.httprequest.remote_addr
        request.env["link.tracker.click"].sudo().with_context(**{CLICK_KEY: ConfirmedClick(address)}).add_click(
            code, ip=address, country_code=request.geoip.country_code, mailing_trace_id=mailing_trace_id
        )
        return self._redirect_uncounted(code, status=303)

    @http.route("/marketing_automation/confirmed", type="http", auth="public", sitemap=False)
    def confirmed(self, **_params):
        """Thank for a confirmation; nothing happens here."""
        return request.render("marketing_automation.page_confirmed")

    def _get_mailing_trace(self, mailing_trace_id):
        # the columns that Odoo's own count reads next, in the same query
        fnames = ["marketing_trace_id", "mass_mailing_id", "campaign_id", "trace_status", "links_click_datetime"]
        return request.env["mailing.trace"].sudo().search_fetch([("id", "=", mailing_trace_id)], fnames)

    def _is_genuine_click(self, code, trace, signature, method="GET"):
        """Tell whether a person opened this link of this very message."""
        signed = request.env["mail.mail"]._check_marketing_link_signature(code, trace.id, signature)
        return signed and self._is_click_of_person(code, trace.mass_mailing_id, method)
