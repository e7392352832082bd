from urllib.parse import quote, urlencode

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from odoo.addons.link_tracker.controller.main import LinkTracker
from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..models.engine_context import CLICK_KEY, ConfirmedClick
from ..models.link_tracker import CONFIRM
from .clicks import ClickJudge
from .pages import PublicPages


class LinkController(LinkTracker):
    @http.route()
    def full_url_redirect(self, code, **post):
        """Redirect a link of nobody's message; one that cannot be leads nowhere, rather than to a traceback."""
        if "\0" in code:  # answered here: on an exception Odoo looks for a file of that name, and fails again
            return request.make_response("", status=404)
        return super().full_url_redirect(code, **post)


class MarketingAutomationController(ClickJudge, PublicPages, MassMailController):
    # The numbers of messages are text here: werkzeug's and PostgreSQL's integers end in a traceback.

    @http.route("/r/<string:code>/m/<string:mailing_trace_id>")
    def full_url_redirect(self, code, mailing_trace_id, **post):
        """Count a click on a campaign's link for whom it was sent to; redirect all others uncounted."""
        code, mailing_trace_id = self._read_link(code, mailing_trace_id)
        trace = self._get_mailing_trace(mailing_trace_id)
        if mailing_trace_id and not trace.marketing_trace_id:
            return super().full_url_redirect(code, mailing_trace_id, **post)
        signature = post.get("s")
        purpose = self._get_purpose(code, trace, signature)
        if not purpose:
            return self._redirect_uncounted(code)
        link = self._get_link(code)
        if self._is_confirmation(link, trace, purpose):
            if self._is_confirmed(link, trace):
                return self._redirect_to(link, trace)
            url = f"/marketing_automation/confirm/{quote(code)}/{mailing_trace_id}?{urlencode({'s': signature})}"
            return self._render_page(
                "marketing_automation.page_confirm_click", {"confirm_url": url}, headers={"Cache-Control": "no-store"}
            )
        if trace.mass_mailing_id.marketing_confirm_click:
            # Another link of a message that asks for a confirmation: in the Link Tracker, and no event.
            request.env["link.tracker.click"].sudo()._add_mere_click(link, **self._get_click_values(trace))
            return self._redirect_to(link, trace)
        response = super().full_url_redirect(code, mailing_trace_id, **post)
        if trace._is_of_marketing_test():
            # without Odoo's UTM parameters: what a visit brings in would be counted for the campaign
            response.location = link.absolute_url
        return response

    @http.route(
        "/marketing_automation/confirm/<string:code>/<string:mailing_trace_id>",
        type="http",
        auth="public",
        methods=["POST"],
        # the signature, which only the recipient was given, is what the token would be
        csrf=False,
        sitemap=False,
    )
    def confirm_click(self, code, mailing_trace_id, **post):
        """Count a click that a person's browser has confirmed, once, and note where it came from."""
        code, mailing_trace_id = self._read_link(code, mailing_trace_id)
        trace = self._get_mailing_trace(mailing_trace_id)
        purpose = self._get_purpose(code, trace, post.get("s"), method="POST")
        link = self._get_link(code)
        if not purpose or not self._is_confirmation(link, trace, purpose):
            raise NotFound()
        if not self._is_confirmed(link, trace):
            values = self._get_click_values(trace)
            clicks = request.env["link.tracker.click"].sudo()
            clicks.with_context(**{CLICK_KEY: ConfirmedClick(values["ip"])}).add_click(code, **values)
        return self._redirect_to(link, trace)

    @http.route("/marketing_automation/confirmed", type="http", auth="public", sitemap=False)
    def confirmed(self, **_params):
        """Thank for a confirmation; nothing happens here."""
        return self._render_page("marketing_automation.page_confirmed")

    def _get_mailing_trace(self, mailing_trace_id):
        # the columns that Odoo's own count reads next, in the same query
        fnames = ["marketing_trace_id", "mass_mailing_id", "campaign_id", "trace_status", "links_click_datetime"]
        return request.env["mailing.trace"].sudo().search_fetch([("id", "=", mailing_trace_id)], fnames)

    def _get_purpose(self, code, trace, signature, method="GET"):
        """Return what a click says, if a person opened this link of this very message; else None."""
        if not trace.marketing_trace_id:
            return None
        purpose = request.env["mail.mail"]._check_marketing_link_signature(code, trace.id, signature)
        return purpose if purpose and self._is_click_of_person(code, trace.mass_mailing_id, method) else None

    def _is_confirmation(self, link, trace, purpose):
        """Tell whether a link is the one that confirms: signed as such, or, until 19.0.1.0.0, by its address."""
        return purpose == CONFIRM or trace.mass_mailing_id._is_confirm_address(link.url)

    def _is_confirmed(self, link, trace):
        clicks = [("link_id", "=", link.id), ("mailing_trace_id", "=", trace.id)]
        return bool(
            trace.links_click_datetime and request.env["link.tracker.click"].sudo().search_count(clicks, limit=1)
        )

    def _redirect_to(self, link, trace):
        """Lead on, this time: what the same address does next is another matter."""
        url = link.absolute_url if trace._is_of_marketing_test() else link.redirected_url
        response = request.redirect(url, code=303, local=False)
        response.headers["Cache-Control"] = "no-store"
        return response
