"""The text part of a campaign's email, for those whose program shows no HTML.

Odoo writes it before it completes the links of the HTML part, and takes the tracking pixel for a picture.
"""

import re

from odoo import models
from odoo.tools import email_normalize

# The pixel's place in the text, and its line in the list of addresses below
PIXEL_LINE = re.compile(r"\n?\[(?P<number>\d+)\] \S*/mail/track/\S*")


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _complete_marketing_texts(self, emails):
        """Complete the links of the text parts of a campaign's email, and take the pixel out of them.

        :param list emails: values of Odoo's, which are changed
        """
        if not self.mailing_id:
            return
        base_url = self.mailing_id.get_base_url()
        for values in emails:
            if values["email_to"] and values["body_alternative"]:
                text = self._complete_marketing_links(values["body_alternative"], base_url, values["email_to"][0])
                values["body_alternative"] = self._remove_pixel(text)

    def _complete_marketing_links(self, text, base_url, address):
        address = email_normalize(address, strict=False) or address
        for page, get_url in (
            ("unsubscribe_from_list", self.mailing_id._get_unsubscribe_url),
            ("view", self.mailing_id._get_view_url),
        ):
            page = re.compile(rf"{re.escape(base_url)}/{page}(?=\s|$)")  # whole: another address may begin so
            if page.search(text):
                text = page.sub(get_url(address, self.res_id).replace("\\", r"\\"), text)
        return text

    def _remove_pixel(self, text):
        pixel = PIXEL_LINE.search(text)
        if not pixel:
            return text
        text = text[: pixel.start()] + text[pixel.end() :]
        return re.sub(rf"[ \t]*\S+ \[{pixel['number']}\]", "", text).rstrip() + "\n"
