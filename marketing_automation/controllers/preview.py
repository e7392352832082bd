"""The picture of a campaign's email, for the frames of the workflow's cards and dialogs."""

from odoo import http
from odoo.http import request

from ..models.guards.marketing_checked_mixin import MAX_INTEGER

# Whatever the text of the email holds, it is a picture: it runs nothing, sends nothing, leads nowhere.
POLICY = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "img-src * data:",
        "style-src 'unsafe-inline' *",
        "font-src * data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)


class MailPreview(http.Controller):
    @http.route("/marketing_automation/preview/<int:mailing_id>", type="http", auth="user", readonly=True)
    def show_preview(self, mailing_id, clicks=None, **_options):
        """Show the email of a campaign as a page of its own, to those who may read it.

        :param clicks: id of the activity whose clicks are drawn on it
        """
        if mailing_id > MAX_INTEGER:
            return request.not_found()
        mailing = request.env["mailing.mailing"].browse(mailing_id)
        if not mailing.has_access("read") or not mailing.exists() or not mailing.use_in_marketing_automation:
            return request.not_found()
        if clicks is None:  # its address has the moment of the last change
            body, cache = mailing._get_preview_body(), "private, max-age=3600"
        else:
            activity = self._find_activity(mailing, clicks)
            if not activity:
                return request.not_found()
            body, cache = mailing._get_heat_body(activity._get_clicked_links()), "no-store"
        return request.render(
            "marketing_automation.page_mail_preview",
            {"title": mailing.display_name, "body": body},
            headers={
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": cache,
            },
        )

    def _find_activity(self, mailing, text):
        """Return the activity that sends this email, where somebody has named it who may read it."""
        id_ = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
        domain = [("id", "=", id_), ("mass_mailing_id", "=", mailing.id)]
        return request.env["marketing.activity"].with_context(active_test=False).search(domain)
