"""What Odoo adds to a campaign's email as it leaves: shorter addresses of its own pages, and a text part to read.

Filters of spam take long addresses of pictures for bugs, and a recipient's address in a link for phishing.
"""

from odoo import models
from odoo.tools import email_normalize

from ...plain_text import write_text
from ..mailing.pages import TOKEN_LENGTH


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _get_tracking_url(self):
        url = super()._get_tracking_url()
        if not self.marketing_trace_id:
            return url
        token = self._generate_mail_recipient_token(self.id)
        return url.replace(token, token[:TOKEN_LENGTH])

    def _complete_marketing_texts(self, emails):
        """Shorten the links to Odoo's pages in a campaign's email, and write its text part.

        :param list emails: values of Odoo's, which are changed
        """
        if not self.mailing_id:
            return
        for values in emails:
            if values["email_to"] and values["body"]:
                values["body"] = self._shorten_page_links(str(values["body"]), values["email_to"][0])
                values["body_alternative"] = write_text(values["body"])

    def _shorten_page_links(self, body, address):
        """Have the links to Odoo's pages about a message be shorter, as it leaves for one recipient."""
        address = email_normalize(address, strict=False) or address  # as Odoo does
        for get_url in (self.mailing_id._get_unsubscribe_url, self.mailing_id._get_view_url):
            url = get_url(address, self.res_id)
            if url in body:
                body = body.replace(url, self.mailing_id._get_marketing_page_url(url, self.res_id, address))
        return body
