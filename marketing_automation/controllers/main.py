from urllib.parse import quote, urlencode, urlsplit

from werkzeug.exceptions import NotFound, Unauthorized

from odoo import http
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.link_tracker.controller.main import LinkTracker
from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..engine.context import CLICK_KEY, VISIT_KEY, ConfirmedClick
from ..models.mailing.mailing_mailing import CONFIRMED_PATH
from ..models.mailing.pages import TOKEN_LENGTH
from ..models.tracking.link_tracker import CONFIRM
from .clicks import TrackedClickMixin
from .unsubscriptions import Unsubscriptions


class LinkController(TrackedClickMixin, LinkTracker):
    @http.route()
    def full_url_redirect(self, code, **post):
        """Redirect a link of nobody's message; one that cannot be leads nowhere, rather than to a traceback."""
        if "\0" in code:
            return self._answer_nothing()
        if response := self._refuse_thanks(code):
            return response
        return super().full_url_redirect(code, **post)


class MarketingAutomationController(TrackedClickMixin, Unsubscriptions, MassMailController):
    # The numbers of messages are text here: werkzeug's and PostgreSQL's integers end in a traceback.

    @http.route("/r/<string:code>/m/<string:mailing_trace_id>")
    def full_url_redirect(self, code, mailing_trace_id, **post):
        """Count a click on a campaign's link for whom it was sent to; redirect all others uncounted."""
        code, mailing_trace_id = self._read_link(code, mailing_trace_id)
        trace = self._get_mailing_trace(mailing_trace_id)
        if mailing_trace_id and not trace.marketing_trace_id:
            if response := self._refuse_thanks(code):
                return response
            return super().full_url_redirect(code, mailing_trace_id, **post)
        signature = post.get("s")
        link = self._get_link(code)
        purpose = self._get_purpose(code, link, trace, signature)
        if trace.marketing_trace_id and self._is_confirmation(link, trace, purpose):
            return self._ask_for_confirmation(link, trace, code, purpose and signature)
        if not purpose or request.httprequest.method != "GET":
            return self._redirect_uncounted(code)
        machine = self._find_clicking_machine() or trace._judge_click(link)
        if machine:
            trace._record_machine_click(machine)
            return self._redirect_uncounted(code)
        if trace.mass_mailing_id.marketing_confirm_click:
            # Another link of a message that asks for a confirmation: in the Link Tracker, and no event.
            request.env["link.tracker.click"].sudo()._add_mere_click(link, **self._get_click_values(trace))
            return self._redirect_to(link, trace)
        response = super().full_url_redirect(code, mailing_trace_id, **post)
        if trace._is_of_marketing_test():
            # without Odoo's UTM parameters: what a visit brings in would be counted for the campaign
            response.location = link.absolute_url
        return response

    def _ask_for_confirmation(self, link, trace, code, signature):
        """Show the page whose POST confirms; where nobody can confirm by this address, say so and thank for nothing.

        Whatever asks: this confirms nothing, and the browser in an app, or of a phone with an odd name, is a person's.
        """
        headers = {"Cache-Control": "no-store"}
        if not signature:
            return self._render_page("marketing_automation.page_unconfirmed", headers=headers)
        if self._is_confirmed(link, trace):
            return self._redirect_to(link, trace, is_confirmed=True)
        url = f"/marketing_automation/confirm/{quote(code)}/{trace.id}?{urlencode({'s': signature})}"
        return self._render_page("marketing_automation.page_confirm_click", {"confirm_url": url}, headers=headers)

    @http.route()
    def track_mail_open(self, mail_id, token, **post):
        """Let the hooks know who fetches the picture: a person's mail program, or a machine."""
        request.update_context(**{VISIT_KEY: self._get_visit()})
        whole = request.env["mail.mail"]._generate_mail_recipient_token(mail_id)
        if consteq(whole[:TOKEN_LENGTH].encode(), token.encode(errors="replace")):
            token = whole
        elif not token.isascii():  # Odoo compares text
            raise Unauthorized()
        return super().track_mail_open(mail_id, token, **post)

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
        link = self._get_link(code)
        purpose = self._get_purpose(code, link, trace, post.get("s"))
        if not purpose or not self._is_confirmation(link, trace, purpose):
            raise NotFound()
        if not self._is_confirmed(link, trace):
            values = self._get_click_values(trace)
            clicks = request.env["link.tracker.click"].sudo()
            clicks.with_context(**{CLICK_KEY: ConfirmedClick(values["ip"])}).add_click(code, **values)
        return self._redirect_to(link, trace, is_confirmed=True)

    @http.route("/marketing_automation/confirmed", type="http", auth="public", sitemap=False)
    def confirmed(self, of=None, **_params):
        """Thank for a confirmation, who comes from one; nothing happens here."""
        is_confirmed = request.env["mail.mail"]._check_marketing_confirmation(of)
        return self._render_page(f"marketing_automation.page_{'' if is_confirmed else 'un'}confirmed")

    def _get_mailing_trace(self, mailing_trace_id):
        # the columns that Odoo's own count reads next, in the same query
        fnames = ["marketing_trace_id", "mass_mailing_id", "campaign_id", "trace_status", "links_click_datetime"]
        fnames.append("sent_datetime")
        return request.env["mailing.trace"].sudo().search_fetch([("id", "=", mailing_trace_id)], fnames)

    def _get_purpose(self, code, link, trace, signature):
        """Return what a click says on this link of this very message, if its recipient was given it; else None."""
        if not trace.marketing_trace_id or link.mass_mailing_id != trace.mass_mailing_id:
            return None
        return request.env["mail.mail"]._check_marketing_link_signature(code, trace.id, signature)

    def _is_confirmation(self, link, trace, purpose):
        """Tell whether a link is the one that confirms: signed as such, or, until 19.0.1.0.0, by its address."""
        mailing = trace.mass_mailing_id
        return purpose == CONFIRM or (link.mass_mailing_id == mailing and mailing._is_confirm_address(link.url))

    def _is_confirmed(self, link, trace):
        clicks = [("link_id", "=", link.id), ("mailing_trace_id", "=", trace.id)]
        return bool(
            trace.links_click_datetime and request.env["link.tracker.click"].sudo().search_count(clicks, limit=1)
        )

    def _redirect_to(self, link, trace, is_confirmed=False):
        """Lead on, this time: what the same address does next is another matter."""
        url = link.absolute_url if trace._is_of_marketing_test() else link.redirected_url
        parts = urlsplit(url)
        if is_confirmed and parts.path == CONFIRMED_PATH:
            proof = urlencode({"of": request.env["mail.mail"]._get_marketing_confirmation(trace.id)})
            url = parts._replace(query="&".join(filter(None, (parts.query, proof)))).geturl()
        response = request.redirect(url, code=303, local=False)
        response.headers["Cache-Control"] = "no-store"
        return response
