"""Which links of a campaign's message are counted, and how those of a batch are looked up."""

import re
from html import unescape

import lxml.html

from odoo import api, models
from odoo.tools.mail import URL_SKIP_PROTOCOL_REGEX

from odoo.addons.link_tracker.tools.html import find_links_with_urls_and_labels

from ...engine.context import message_batch
from ...links import OWN_PAGES, split_links

HREF = re.compile(r"""\shref=["']([^"']*)["']""")


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template_postprocess(self, model, rendered):
        """Look up the links of all messages of a batch together, where each recipient has links of their own."""
        batch = message_batch(self.env)
        values = self.env.context.get("post_convert_links")
        if batch and values and len({tuple(HREF.findall(html or "")) for html in rendered.values()}) > 1:
            links = {}
            for html in rendered.values():
                for link in self._find_marketing_links(html):
                    links[link["url"], link["label"]] = {**values, **link}
            self.env["link.tracker"].search_or_create(list(links.values()))
        return super()._render_template_postprocess(model, rendered)

    @api.model
    def _find_marketing_links(self, html):
        if not html or not HREF.search(html):
            return []
        base_url = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        _nodes, links = find_links_with_urls_and_labels(
            lxml.html.fromstring(self._replace_local_links(html)),
            base_url,
            skip_regex=rf"^{URL_SKIP_PROTOCOL_REGEX}",
            skip_prefix=f"{base_url}/r/",
            skip_list=self._get_uncounted_links(base_url),
        )
        return links

    @api.model
    def _get_uncounted_links(self, base_url):
        """Return which addresses of a message are left as they are: Odoo's own pages about it, and its own anchors.

        Odoo's list of them holds for any site, and for what is below them: "/view" elsewhere, and "/view/12" here, are
        paths like others.

        :param str base_url: of this database
        :return: regular expressions of an address up to its "/", "?", "#" or end
        """
        own = re.escape(base_url)
        pages = "|".join(map(re.escape, OWN_PAGES))
        return [f"^{own}(?:{pages})(?=[?#]|$)", f"^{own}/cards", f"^{own}(?=#)"]

    @api.model
    def _shorten_links(self, html, link_tracker_vals, blacklist=None, base_url=None):
        if message_batch(self.env) and blacklist:
            base_url = base_url or self.env["ir.config_parameter"].sudo().get_param("web.base.url")
            blacklist = self._get_uncounted_links(base_url)
        return super()._shorten_links(html, link_tracker_vals, blacklist=blacklist, base_url=base_url)

    @api.model
    def _shorten_links_text(self, content, link_tracker_vals, blacklist=None, base_url=None):
        """Shorten the whole of each address in a text, and nothing of the sentence that it stands in."""
        if not message_batch(self.env) or not content:
            return super()._shorten_links_text(content, link_tracker_vals, blacklist=blacklist, base_url=base_url)
        base_url = base_url or self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        parts = split_links(content)
        urls = [url for url in dict.fromkeys(parts[1::2]) if not url.startswith((f"{base_url}/r/", f"{base_url}/sms/"))]
        links = self.env["link.tracker"].search_or_create([{**link_tracker_vals, "url": unescape(url)} for url in urls])
        short = {url: link.short_url for url, link in zip(urls, links, strict=True)}
        return "".join(short.get(part, part) if number % 2 else part for number, part in enumerate(parts))
