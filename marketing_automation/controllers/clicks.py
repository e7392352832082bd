"""What tells a person's click from that of a machine, for all links of campaigns."""

from werkzeug.exceptions import NotFound

from odoo.http import request

from ..engine.context import Visit
from ..machines import find_machine
from .pages import PublicPages

MAX_ID = 2**31 - 1  # of PostgreSQL's integers


class TrackedClickMixin(PublicPages):
    """Mixin of controllers that redirect the tracked links of campaigns."""

    def _refuse_thanks(self, code):
        """Return the page that says that nothing is confirmed, for a link that confirms and is nobody's; else None.

        It may lead to a page of one's own, which thanks whoever comes.
        """
        if not request.env["link.tracker"]._is_marketing_confirmation(code):
            return None
        headers = {"Cache-Control": "no-store"}
        return self._render_page("marketing_automation.page_unconfirmed", headers=headers)

    def _read_link(self, code, message_id):
        """Return the code and the number of a link's path, as somebody sent them.

        A number that no message can have is 0.

        :raise NotFound: for what can be no link
        """
        if "\0" in code or not (message_id.isascii() and message_id.isdecimal()):
            raise NotFound()
        # longer ones are no number to Python
        number = int(message_id) if len(message_id.lstrip("0")) <= len(str(MAX_ID)) else 0
        return code, number if number <= MAX_ID else 0

    def _is_click_of_person(self, code, mailing, method="GET"):
        """Tell whether this request is no machine's, and its link one of the mailing's own."""
        return (
            request.httprequest.method == method
            and not self._find_clicking_machine()
            and self._is_link_of(code, mailing)
        )

    def _find_clicking_machine(self):
        """Return which machine follows the link, in words; None where it is a person."""
        return find_machine("click", request.httprequest.user_agent.string, request.httprequest.remote_addr)

    def _get_visit(self):
        """Return who asks, for the hooks of Odoo's own counts.

        :rtype: odoo.addons.marketing_automation.engine.context.Visit
        """
        told = request.httprequest
        return Visit(told.method, told.user_agent.string or "", told.remote_addr or "")

    def _is_link_of(self, code, mailing):
        return self._get_link(code).mass_mailing_id == mailing

    def _get_link(self, code):
        return request.env["link.tracker.code"].sudo().search([("code", "=", code)]).link_id

    def _get_click_values(self, trace):
        """Return what is kept of a click on a link of a message."""
        return {
            "ip": request.httprequest.remote_addr,
            "country_code": request.geoip.country_code,
            "mailing_trace_id": trace.id,
        }

    def _redirect_uncounted(self, code):
        if response := self._refuse_thanks(code):
            return response
        url = request.env["link.tracker"].get_url_from_code(code)
        if not url:
            raise NotFound()
        return request.redirect(url, code=301, local=False)


ClickJudge = TrackedClickMixin  # its name up to 19.0.1.0.2, for companion addons: for one release more
