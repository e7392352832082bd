import string

from odoo import api, models
from odoo.tools import consteq, hmac

from odoo.addons.marketing_automation.engine.context import message_batch

# Each character of an SMS costs money, each bit keeps a forger away. A signature can only be
# guessed at, one request a guess: 10 characters out of 62 are 59 bits, so that a million
# guesses a second find one in some ten thousand years. No "-" or "_", which phones may take
# for the end of a link.
SIGNATURE_LENGTH = 10
SIGNATURE_ALPHABET = string.digits + string.ascii_letters


class SmsSms(models.Model):
    _inherit = "sms.sms"

    def _update_body_short_links(self):
        """Sign the links of a campaign's SMS: its own, and nothing that others wrote into it.

        Odoo's own ``/r/<code>/s/<sms>`` can be counted up by anyone; a click makes a campaign
        act, so it takes an address that only the recipient was given.
        """
        if not message_batch(self.env):
            return super()._update_body_short_links()
        # Odoo would take a full stop behind a link for a part of it.
        return {sms.id: sms._complete_marketing_links() for sms in self}

    def _complete_marketing_links(self):
        def sign(code, _purpose, _kind, _message_id):
            return f"/s/{self.id}?s={self._get_marketing_link_signature(code, self.id)}"

        return self.env["link.tracker"]._replace_marked_links(self.body, sign)

    @api.model
    def _get_marketing_link_signature(self, code, sms_id):
        number = int(hmac(self.env(su=True), "marketing_automation_sms-click", (code, sms_id)), 16)
        characters = []
        for _position in range(SIGNATURE_LENGTH):
            number, digit = divmod(number, len(SIGNATURE_ALPHABET))
            characters.append(SIGNATURE_ALPHABET[digit])
        return "".join(characters)

    @api.model
    def _check_marketing_link_signature(self, code, sms_id, signature):
        if not isinstance(signature, str):
            return False
        expected = self._get_marketing_link_signature(code, sms_id)
        return consteq(expected.encode(), signature.encode(errors="replace"))  # text must be ASCII, and anyone sends it
