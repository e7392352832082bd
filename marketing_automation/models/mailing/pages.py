"""Addresses of Odoo's pages about a message: its web view, and where to unsubscribe.

Odoo's have the recipient's address in them, and a signature of 128 digits. Those in the mails of campaigns tell the
same in less, so that they hold as long as Odoo's: nothing is looked up that may have been deleted since.
"""

import base64
import binascii
import re
from html import unescape
from urllib.parse import urlencode, urlsplit

from odoo import api, models
from odoo.tools import consteq

from .mailing_mailing import CONFIRMED_PATH

TOKEN_LENGTH = 24  # hexadecimal digits: 96 bits
HREF = re.compile(r"""\bhref=(["'])(.*?)\1""")


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def _get_marketing_page_url(self, url, document_id, address):
        """Return a shorter address of a page about a message.

        :param str url: Odoo's
        :param int document_id: of the record that the message is for
        :param str address: of the recipient
        """
        told = base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
        token = self._generate_mailing_recipient_token(document_id, address)[:TOKEN_LENGTH]
        return urlsplit(url)._replace(query=urlencode({"document_id": document_id, "to": told, "s": token})).geturl()

    @api.model
    def _read_marketing_page_query(self, mailing_id, document_id, told, token):
        """Return the recipient's address and Odoo's signature, of what stands in such an address; None if it is forged.

        :param int mailing_id:
        :param document_id: whatever somebody sent, as the others
        """
        texts = (document_id, told, token)
        if not all(isinstance(text, str) and text.isascii() for text in texts) or not document_id.isdecimal():
            return None
        try:
            address = base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)).decode()
            signature = self.browse(mailing_id)._generate_mailing_recipient_token(document_id, address)
        except (ValueError, binascii.Error):
            return None
        return (address, signature) if consteq(signature[:TOKEN_LENGTH], token) else None

    def _hide_confirm_address(self, body):
        """Have the button of a message's web view lead to the page that tells to open the email: it confirms nothing.

        :param body: Markup
        """
        base_url = self.get_base_url()

        def hide(found):
            address = unescape(found[2])
            is_confirming = self._is_confirm_address(base_url + address if address.startswith("/") else address)
            return f'href="{CONFIRMED_PATH}"' if is_confirming else found[0]

        return body.__class__(HREF.sub(hide, body))
