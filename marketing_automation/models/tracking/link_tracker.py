"""The links of campaigns' messages: which are the message's own, and who may change where they lead.

Odoo shortens the links of a message as it is composed, and completes each with the message's number as it is sent. In
between anything may look like a short link that a stranger wrote into a field of the record. So a link that Odoo has
shortened for a campaign carries a mark, which nobody else can make and which never leaves the database: only what has
one is signed.
"""

import re
from html import unescape

from odoo import _, api, models
from odoo.exceptions import AccessError
from odoo.tools import consteq, hmac

from ...engine.context import BATCH_KEY, message_batch

# What a click on a link says: that somebody clicked, or that somebody confirms.
CLICK, CONFIRM = "click", "confirm"
MARK_LENGTH = 24  # hexadecimal digits: 96 bits
MARK = rf"#ma-(?P<purpose>{CLICK}|{CONFIRM})-(?P<mark>[0-9a-f]{{{MARK_LENGTH}}})"
# A short link that Odoo made of one in a message: its code, our mark, and the message as Odoo completes it (/m/<id>).
MARKED_LINK = re.compile(rf"""/r/(?P<code>[^\s/?#"'<>]+){MARK}(?:/(?P<kind>[a-z])/(?P<message_id>[0-9]+))?""")

LEADING_FIELDS = ("url", "code", "link_code_ids", "mass_mailing_id", "source_id", "campaign_id", "medium_id", "label")


class LinkTracker(models.Model):
    _inherit = "link.tracker"

    @api.model
    def _check_utm_campaigns_readable(self, vals_list):
        """Leave the links of a UTM campaign to those who may read it: what Odoo says of links that exist names it.

        :raise AccessError:
        """
        if not self.env.su:
            ids = {vals["campaign_id"] for vals in vals_list if isinstance(vals.get("campaign_id"), int)}
            self.env["utm.campaign"].browse(ids - {0}).exists().check_access("read")

    @api.model
    def search_or_create(self, vals_list):
        """Look the links of a batch of messages up once, not again for each message."""
        batch = message_batch(self.env)
        if not batch:
            return super().search_or_create(vals_list)
        keys = [repr(sorted(vals.items())) for vals in vals_list]  # before super() completes the values
        new = {key: vals for key, vals in zip(keys, vals_list, strict=True) if key not in batch.links}
        if new:
            mailing_id = next(iter(new.values())).get("mass_mailing_id")
            links = super().search_or_create(list(new.values()))
            # Odoo finds them by their UTM values: one that somebody made before is this mailing's from now on.
            links.sudo().filtered(lambda link: link.mass_mailing_id.id != mailing_id).mass_mailing_id = mailing_id
            batch.links.update(zip(new, links.ids, strict=True))
        return self.browse([batch.links[key] for key in keys])

    @api.model
    def _get_title_from_url(self, url):
        """Name the links of a batch by their address: Odoo would ask the site, which may take its time."""
        return url if message_batch(self.env) else super()._get_title_from_url(url)

    @api.depends_context(BATCH_KEY)
    def _compute_short_url(self):
        """Mark the links that are written into the messages of a batch."""
        res = super()._compute_short_url()
        if message_batch(self.env):
            for link in self:
                link.short_url += link._get_mark()
        return res

    def _get_mark(self):
        """Return what is appended to the short link of a campaign's message."""
        purpose = CONFIRM if self.sudo().mass_mailing_id._is_confirm_address(self.url) else CLICK
        return f"#ma-{purpose}-{self._get_marketing_mark(self.code, purpose)}"

    @api.model
    def _is_marketing_confirmation(self, code):
        """Tell whether a short link is the one that confirms, of a message with *Count Only Confirmed Clicks*.

        :param str code: as somebody sent it
        """
        # sudo: visitors read no links
        domain = [("code", "=", code), ("link_id.mass_mailing_id.marketing_confirm_click", "=", True)]
        link = self.env["link.tracker.code"].sudo().search(domain, limit=1).link_id
        return bool(link) and link.mass_mailing_id._is_confirm_address(link.url)

    @api.model
    def _get_marketing_mark(self, code, purpose):
        return hmac(self.env(su=True), "marketing_automation-mark", (code, purpose))[:MARK_LENGTH]

    @api.model
    def _replace_marked_links(self, text, replace):
        """Replace the marked links of a message by what they become, and leave all else as it is.

        :param str text: or Markup
        :param replace: function of a link's code, purpose, kind and message id (the latter two may be None), which
            returns what follows ``/r/<code>``
        """
        if not text or "#ma-" not in text:
            return text

        def complete(match):
            code = unescape(match["code"])
            if not consteq(match["mark"], self._get_marketing_mark(code, match["purpose"])):
                return match[0]
            message_id = match["message_id"] and int(match["message_id"])
            return f"/r/{match['code']}{replace(code, match['purpose'], match['kind'], message_id)}"

        return text.__class__(MARKED_LINK.sub(complete, text))

    @api.model
    def _remove_marks(self, text):
        """Return the text of a message for others than its recipient."""
        return self._replace_marked_links(text, lambda _code, _purpose, _kind, _message_id: "")

    @api.model_create_multi
    def create(self, vals_list):
        self._check_utm_campaigns_readable(vals_list)
        links = super().create(vals_list)
        links._check_marketing_links()
        return links

    def write(self, vals):
        self._check_utm_campaigns_readable([vals])
        is_leading = not vals.keys().isdisjoint(LEADING_FIELDS)
        if is_leading:
            self._check_marketing_links()
        res = super().write(vals)
        if is_leading:
            self._check_marketing_links()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_of_campaign(self):
        self._check_marketing_links()

    def _check_marketing_links(self):
        """Leave the links of a campaign's messages to those who may write the campaign: people follow them for long.

        :raise AccessError:
        """
        if self.env.su or message_batch(self.env):
            return
        mailings = self.mass_mailing_id
        # Odoo finds a mailing's links by their UTM values, of which the source is the mailing's own.
        sources = self.source_id - mailings.source_id
        if sources:
            mailings += mailings.sudo().search([("source_id", "in", sources.ids)])
        templates = mailings.sudo().filtered("marketing_campaign_id")
        if templates and not templates.marketing_campaign_id.sudo(False).has_access("write"):
            raise AccessError(
                _(
                    "This link is in “%s”, a message of a campaign: only those who may change the campaign may "
                    "change where it leads.",
                    templates[:1].display_name,
                )
            )
