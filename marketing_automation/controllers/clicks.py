"""What tells a person's click from that of a machine, for all links of campaigns."""

from werkzeug.exceptions import NotFound

from odoo.http import request

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


MAX_ID = 2**31 - 1  # of PostgreSQL's integers


class ClickJudge:
    """Mixin of controllers that redirect the tracked links of campaigns."""

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
        return request.httprequest.method == method and not self._is_scanner() and self._is_link_of(code, mailing)

    def _is_scanner(self):
        agent = (request.httprequest.user_agent.string or "").lower()
        return request.env["ir.http"].is_a_bot() or any(name in agent for name in SCANNER_AGENTS)

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
        url = request.env["link.tracker"].get_url_from_code(code)
        if not url:
            raise NotFound()
        return request.redirect(url, code=301, local=False)
