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
    def show_preview(self, mailing_id, **_options):
        """Show the email of a campaign as a page of its own, to those who may read it."""
        if mailing_id > MAX_INTEGER:
            return request.not_found()
        mailing = request.env["mailing.mailing"].browse(mailing_id)
        if not mailing.has_access("read") or not mailing.exists() or not mailing.use_in_marketing_automation:
            return request.not_found()
        return request.render(
            "marketing_automation.page_mail_preview",
            {"title": mailing.display_name, "body": mailing._get_preview_body()},
            headers={
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                # its address has the moment of the last change
                "Cache-Control": "private, max-age=3600",
            },
        )
