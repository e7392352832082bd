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


class ClickJudge:
    """Mixin of controllers that redirect the tracked links of campaigns."""

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

    def _redirect_uncounted(self, code, status=301):
        url = request.env["link.tracker"].get_url_from_code(code)
        if not url:
            raise NotFound()
        return request.redirect(url, code=status, local=False)
