"""To which address an email of a campaign goes: one, as mail servers read it."""

import idna

from odoo import models
from odoo.tools.mail import email_split_tuples, formataddr

from odoo.addons.base.models.ir_mail_server import extract_rfc2822_addresses


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _keep_first_addresses(self, emails):
        """Send a campaign's email to the first address of its recipient, whose domain is written in ASCII.

        The first one is that which was looked up in the blocklist, gets the link to unsubscribe and may bounce.
        Nobody's name, which may hold line feeds, begins a header of its own.

        :param list emails: values of Odoo's, which are changed
        """
        for email in emails:
            email["email_to"] = [encode_domain(" ".join(address.split())) for address in email["email_to"][:1]]
            email["email_to_normalized"] = [encode_domain(one) for one in email["email_to_normalized"][:1]]


def encode_domain(address):
    """Return an address whose international domain is written in ASCII (IDNA); any other one as it is.

    :param str address: one, perhaps with a name
    """
    if address.isascii():
        return address
    [(name, email), *_others] = email_split_tuples(address) or [("", "")]
    local, at, domain = email.rpartition("@")
    if not at or domain.isascii():
        return address
    try:
        encoded = f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address
    return formataddr((name, encoded)) if name else encoded


def is_sendable(address):
    """Tell whether Odoo hands an address to a mail server: it finds some where there is none, such as “@b.example”.

    :param str address: normalized
    """
    return bool(extract_rfc2822_addresses(encode_domain(address)))
