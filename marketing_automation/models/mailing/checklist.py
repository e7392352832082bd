"""What a careful colleague would say about a message before it goes out. Nothing here keeps a campaign from starting.

A look at the text alone: no address is visited.
"""

import re
from urllib.parse import urlsplit

from lxml import etree, html

from odoo import _, api, models
from odoo.tools import config, ormcache
from odoo.tools.mail import email_domain_extract, is_html_empty

from ...links import is_own_page

GMAIL_CUTS = 100  # kB, or little more: links grow when they are counted
WORDS = 60  # characters of a link's words that are shown
# Names that belong to nobody (RFC 2606, RFC 6761), or that Odoo's demo gives a company
EXAMPLE_HOST = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|net|org)|[^.]+\.(?:example|test|invalid)|(?:yourcompany|your-company|mycompany)\.com)"
    r"|(?:.*\.)?localhost"
)
PLACEHOLDER_IMAGE = re.compile(r"default_image|theme_\w+/\w*logo|theme_default/signature")
COMPANY_LOGO = re.compile(r"/(?:logo(?:\.png)?|web/binary/company_logo|web/image/res\.company/\d+/logo\w*)(?:$|[?/])")
BRACES = re.compile(r"\{\{.*?\}\}", re.S)
OTHER_SCHEMES = ("mailto", "tel", "sms", "callto", "whatsapp", "skype")
# Providers whose addresses only they may send from: others' mail with them is refused or taken for spam
PUBLIC_PROVIDERS = {
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com"),
    *("yahoo.com", "yahoo.fr", "yahoo.de", "yahoo.es", "aol.com", "gmx.net", "gmx.de", "web.de", "orange.fr"),
    *("free.fr", "laposte.net", "telenet.be", "skynet.be", "proton.me", "protonmail.com", "ziggo.nl", "kpnmail.nl"),
}


def _normalize(address):
    """Return an address so that equal ones are the same text."""
    return address.rstrip("/").lower()


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def _get_marketing_checks(self, company):
        """Return what is to be looked at in this message; an addon adds that of its own type.

        :param company: whose message it is, a res.company
        :return: dicts of ``code``, ``text`` (what is wrong, where, and what to do), ``page`` of the template's form,
            ``where`` on it (a ``field``; or, in the text, a ``tag`` whose ``attribute`` has this ``value``; False
            where it is no one thing), and ``blocks``: whether the campaign does not start with it
        :rtype: list[dict]
        """
        self.ensure_one()
        if self.mailing_type != "mail":
            return []
        checks = self._check_confirmation() + self._check_sender(company)
        if not is_html_empty(self.body_html):
            root = html.fragment_fromstring(str(self.body_html), create_parent="div")
            checks += self._check_body_links(root, company)
            checks += self._check_images(root, company)
            checks += self._check_text(root)
        return checks

    def _make_check(self, code, text, page="mail_body", blocks=False, where=False):
        return {"code": code, "text": text, "page": page, "blocks": blocks, "where": where}

    def _make_text_check(self, code, text, element, attribute):
        """Return what is to be looked at in an element of the text, which has this attribute."""
        where = {"tag": element.tag, "attribute": attribute, "value": element.get(attribute) or ""}
        return self._make_check(code, text, where=where)

    # ------------------------------------------------------------
    # Settings
    # ------------------------------------------------------------

    def _check_confirmation(self):
        if not self._get_confirm_errors():
            return []
        address = self.marketing_confirm_url or "-"
        text = _(
            "No link of the email leads to its Confirmation Link, “%s”, so that nobody can confirm.",
            address,
        )
        return [self._make_check("confirmation", text, "settings", True, {"field": "marketing_confirm_url"})]

    def _check_sender(self, company):
        domain = (email_domain_extract(self.email_from or "") or "").lower()
        if not domain or "{{" in self.email_from:
            return []
        if domain in PUBLIC_PROVIDERS:
            text = _(
                "The sender's address is one of %s, which lets nobody else send for it: many will not get the email. "
                "Use an address of your own domain.",
                domain,
            )
            return [self._make_check("sender", text, where={"field": "email_from"})]
        own = self._get_own_domains(company)
        if not own or any(domain == each or domain.endswith(f".{each}") for each in own):
            return []
        text = _(
            "The sender's address is of %(domain)s, which is not your own domain (%(own)s): the email may be taken "
            "for spam.",
            domain=domain,
            own=", ".join(sorted(own)),
        )
        return [self._make_check("sender", text, where={"field": "email_from"})]

    def _get_own_domains(self, company):
        """Return the domains for which this Odoo sends: of the company, its aliases and its mail servers.

        :rtype: set[str]
        """
        company = company.sudo()  # names that every mail shows
        servers = self.env["ir.mail_server"].sudo().search([("from_filter", "!=", False)])
        named = [company.email, company.alias_domain_id.name, config["email_from"], config["from_filter"]]
        named += [self.env["ir.mail_server"].sudo()._get_default_from_address(), *servers.mapped("from_filter")]
        parts = [part.strip().lower() for text in named if text for part in str(text).split(",")]
        return {part.strip(">").rpartition("@")[2] for part in parts if "." in part} - PUBLIC_PROVIDERS

    # ------------------------------------------------------------
    # Links
    # ------------------------------------------------------------

    def _check_body_links(self, root, company):
        checks = {}
        targets = {f"#{name}" for name in root.xpath("//@id | //a/@name")}
        hrefs = set()
        for link in root.iter("a"):
            if any(name in link.attrib for name in ("t-att-href", "t-attf-href", "t-att")):
                continue
            href = (link.get("href") or "").strip()
            hrefs.add(href)
            if href in targets or (not href and ("id" in link.attrib or "name" in link.attrib)):
                continue
            words = self._get_link_words(link)
            if check := self._check_link(words, href, company):
                found = self._make_text_check(check["code"], check["text"], link, "href")
                # of several links with one address, each that reads otherwise is told, and found, by its words
                found["where"]["words"] = words.rstrip("…")
                checks.setdefault((check["code"], href, words), found)
        base_url = self.get_base_url()
        pages = {href.removeprefix(base_url) for href in hrefs}
        if not any(is_own_page(page) and page.startswith("/unsubscribe_from_list") for page in pages):
            text = _(
                "The email has no link to unsubscribe: the law of most countries asks for one. Write a link to %s."
            )
            checks["unsubscribe"] = self._make_check("unsubscribe", text % "/unsubscribe_from_list")
        return list(checks.values())

    def _get_link_words(self, link):
        words = " ".join(link.text_content().split()) or " ".join(link.xpath(".//img/@alt")).strip()
        return words if len(words) <= WORDS else f"{words[:WORDS]}…"

    def _check_link(self, words, href, company=None):
        """Return what is wrong with a link, by its address alone; None for nothing.

        :param str words: on which one clicks
        :param str href: its address, as it was written
        :param company: whose templates may have brought the link; None where no template brings any
        """
        words = words or _("a link without words")
        if is_own_page(href) or self._is_confirm_address(href):
            return None
        if self._is_broken_link(href):
            shown = href or _("no address")
            text = _("“%(words)s” leads nowhere (%(address)s): enter where it should lead.", words=words, address=shown)
            return self._make_check("broken", text)
        parts = urlsplit(href if "//" in href or href.startswith("/") else f"http://{href}")
        host = (parts.hostname or "").rstrip(".")
        if company and self._is_left_by_template(href, company):
            text = _(
                "“%(words)s” leads to %(address)s, which the template left there: enter your own address.",
                words=words,
                address=href,
            )
            return self._make_check("placeholder_link", text)
        if EXAMPLE_HOST.fullmatch(host):
            text = _(
                "“%(words)s” leads to %(address)s, an address that is only for examples: enter your own address.",
                words=words,
                address=href,
            )
            return self._make_check("placeholder_link", text)
        home = urlsplit(self.get_base_url())
        if "website" not in self.env and parts.path in ("", "/") and host in ("", home.hostname):
            text = _(
                "“%(words)s” leads to this Odoo (%(address)s), where people have to log in: enter your own address.",
                words=words,
                address=href,
            )
            return self._make_check("placeholder_link", text)
        return None

    def _is_left_by_template(self, href, company):
        """Whether a link is one of the editor's blocks, or of a campaign template, as it came.

        :param company: whose website the buttons of campaign templates lead to
        """
        address, website = (_normalize(text or "") for text in (href, company.sudo().website))
        return address in self._get_template_links() or (
            address == website and bool(EXAMPLE_HOST.fullmatch(urlsplit(href).hostname or ""))
        )

    @api.model
    @ormcache(cache="templates")
    def _get_template_links(self):
        """Return where the blocks and themes of Odoo's editor lead until somebody changes them.

        :rtype: frozenset[str]
        """
        domain = [("type", "=", "qweb"), ("key", "=like", "mass_mailing%")]
        views = self.env["ir.ui.view"].sudo().search(domain)  # what the editor shows every marketer
        links = (link for view in views for link in etree.fromstring(view.arch).iterfind(".//a[@href]"))
        return frozenset(_normalize(link.get("href")) for link in links if link.get("href").startswith("http"))

    def _is_broken_link(self, href):
        if not href or href.startswith("#"):
            return True
        if "{{" in href:
            return False  # that is said of the text
        scheme, colon, rest = href.partition(":")
        if colon and scheme.lower() in OTHER_SCHEMES:
            return not rest.strip("/ ")
        if "//" not in href and colon and not rest[:1].isdigit():
            return True  # javascript:, data:, http:shop.com
        try:
            parts = urlsplit(href if "//" in href or href.startswith("/") else f"http://{href}")
            host = parts.hostname or ""
            is_numbered = parts.port is None or parts.port >= 0
        except ValueError:  # of a host or a port that is none
            return True
        if href.startswith("/") and not href.startswith("//"):
            return False
        is_host = re.fullmatch(r"[\w.:-]*\w[\w.:-]*", host) and host not in ("http", "https") and ".." not in host
        return not (is_host and is_numbered and parts.scheme in ("http", "https", ""))

    # ------------------------------------------------------------
    # Pictures and text
    # ------------------------------------------------------------

    def _check_images(self, root, company):
        checks, nameless = {}, []
        for image in root.iter("img"):
            described = (image.get("alt") or "").strip() or "t-att-alt" in image.attrib
            if not described and not self._is_decorative(image):
                nameless.append(image)
            source = image.get("src") or ""
            if COMPANY_LOGO.search(source) and company.sudo().uses_default_logo:
                text = _(
                    "The logo is still “Your logo”: ask an administrator to upload that of %s in Settings, Companies, "
                    "or put a picture of your own in its place.",
                    company.sudo().name,
                )
                checks["logo"] = self._make_text_check("placeholder_image", text, image, "src")
            elif PLACEHOLDER_IMAGE.search(source):
                name = source.rpartition("/")[2].partition("?")[0]
                text = _("The picture “%s” is one of the theme: put your own in its place, or remove it.", name)
                checks[name] = self._make_text_check("placeholder_image", text, image, "src")
        if nameless:
            advice = _("Click it, and enter a Description for those who cannot see it, or do not load it.")
            text = (
                _("A picture has no description.")
                if len(nameless) == 1
                else _("%s pictures have no description.", len(nameless))
            )
            checks["alt"] = self._make_text_check("alt", f"{text} {advice}", nameless[0], "src")
        return list(checks.values())

    def _is_decorative(self, image):
        return image.get("role") in ("presentation", "none") or image.get("aria-hidden") == "true"

    def _check_text(self, root):
        checks = []
        if found := BRACES.search(root.text_content()):
            text = _("“%s” is sent as it stands: write / in the text to insert a placeholder.", found[0][:WORDS])
            checks.append(self._make_check("braces", text))
        size = len(str(self.body_html).encode())
        if size > GMAIL_CUTS * 1000:
            text = _(
                "The email has %(size)s kB: Gmail cuts what is over %(limit)s kB, with the link to unsubscribe. "
                "Use fewer blocks, or fewer styles.",
                size=size // 1000,
                limit=GMAIL_CUTS,
            )
            checks.append(self._make_check("size", text))
        return checks
