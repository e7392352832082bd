"""The picture of an email with its clicks: each link has their number and share, and a colour, the deeper the more."""

from lxml import html

from odoo import _, models
from odoo.tools.mail import html_sanitize

from odoo.addons.link_tracker.tools.html import find_links_with_urls_and_labels

from ..numbers import format_number

MARK = "display:inline-block;margin:0 4px;padding:0 6px;border-radius:9px;background:#8a1c00;color:#ffffff;"
MARK += "font:bold 12px/18px Arial,sans-serif;white-space:nowrap;"


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def _get_heat_body(self, links):
        """Return the body as its picture shows it, with the clicks on its links.

        :param list links: see ``_get_clicked_links``
        :rtype: markupsafe.Markup
        """
        self.ensure_one()
        root = self._parse_readable_body()
        base_url = self.env["ir.config_parameter"].sudo().get_param("web.base.url")  # sudo: as its links were made
        nodes, told = find_links_with_urls_and_labels(root, base_url)
        by_url = {}
        for link in links:
            by_url.setdefault(link["url"], {})[link["label"]] = link
        most = max((link["count"] for link in links), default=0)
        for node, link in zip(nodes, told, strict=True):
            found = by_url.get(link["url"], {})
            only = next(iter(found.values())) if len(found) == 1 else None  # a label may hold a placeholder
            if known := found.get(link["label"], only):
                self._mark_link(node, known, most)
        for node in root.iter("a", "area"):
            node.attrib.pop("href", None)
        return html_sanitize(html.tostring(root, encoding="unicode"), sanitize_attributes=True, sanitize_form=True)

    def _mark_link(self, element, link, most):
        """Colour a link by its clicks, and write them beside it."""
        heat = round(0.08 + 0.5 * link["count"] / most, 2) if most else 0
        style = element.get("style", "").rstrip("; ")
        outline = f"outline:3px solid rgba(214,72,0,{min(1, heat + 0.3):.2f});background-image:none"
        if link["count"]:
            element.set(
                "style", f"{style};{outline};box-shadow:inset 0 0 0 100px rgba(214,72,0,{heat:.2f})".lstrip(";")
            )
        mark = html.Element("span", style=MARK)
        mark.text = _(
            "%(count)s · %(share)s %%", count=format_number(self.env, link["count"]), share=f"{100 * link['share']:.0f}"
        )
        mark.tail, element.tail = element.tail, None
        element.addnext(mark)
