"""A template as a person sees it: its picture, and its texts with words in the place of placeholders.

Nothing is evaluated here: a placeholder becomes the name of what it stands for, whatever record it will be.
"""

import re

from lxml import html
from markupsafe import Markup

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools.mail import html_sanitize, is_html_empty
from odoo.tools.rendering_tools import parse_inline_template

PATH = re.compile(r"object((?:\.\w+)+)")
OUTPUTS = ("t-out", "t-esc", "t-field")
NARROW, WIDE = 600, 720  # pixels: a mail as its Body Width in the editor says; see theme_default.scss of mass_mailing


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    @api.depends("use_in_marketing_automation", "subject", "mailing_model_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Name a template by its subject as a person reads it: “Welcome, Name!”."""
        templates = self.filtered("use_in_marketing_automation")
        for template in templates:
            template.display_name = template._get_readable_text(template.subject)
        return super(MailingMailing, self - templates)._compute_display_name()

    # ------------------------------------------------------------
    # Texts
    # ------------------------------------------------------------

    def _get_readable_text(self, text):
        """Return a line of text with words in the place of placeholders: “Welcome, Name!”.

        :param text: str or False
        :rtype: str
        """
        parts = parse_inline_template(str(text or ""))
        return "".join(
            string + (self._get_placeholder_words(expression) if expression else "")
            for string, expression, _default in parts
        )

    def _get_placeholder_words(self, expression):
        """Return what an expression stands for: the label of its field, or dots where it is none.

        :param str expression: ``object.user_id.name``
        """
        path, model, words = PATH.fullmatch(expression.strip()), self.env.get(self.mailing_model_real), None
        for name in path[1].strip(".").split(".") if path else ():
            field = model._fields.get(name) if model is not None else None
            if field is None:
                return "…"
            if not (words and name in ("name", "display_name")):  # the name of the salesperson is the salesperson
                words = field._description_string(self.env) or name
            model = self.env.get(field.comodel_name) if field.relational else None
        return words or "…"

    def _parse_readable_body(self):
        """Return the body, as an element that holds it, with words in the place of placeholders.

        :rtype: lxml.html.HtmlElement
        """
        root = html.fragment_fromstring(str(self.body_html or ""), create_parent="div")
        for element in root.xpath("//*[@*[starts-with(name(), 't-')]]"):
            for name in OUTPUTS:
                if name in element.attrib:
                    tail, expression = element.tail, element.get(name)
                    for child in list(element):
                        element.remove(child)
                    element.text, element.tail = self._get_placeholder_words(expression), tail
            for name in [name for name in element.attrib if name.startswith("t-")]:
                del element.attrib[name]
        for element in list(root.iter("t")):
            element.drop_tag()
        return root

    # ------------------------------------------------------------
    # Picture
    # ------------------------------------------------------------

    def _get_marketing_preview(self):
        """Return what the card of a step and its dialog show of this template.

        ``url`` is that of the picture, of a mail so many pixels ``width``; ``text`` a message without one; ``view`` the
        form in which it is edited.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "id": self.id,
            "type": self.mailing_type,
            "view": self._get_template_views().get(self.mailing_type, False),
            "subject": self._get_readable_text(self.subject),
            "preview": self._get_readable_text(self.preview),
            "sender": self._get_readable_text(self.email_from).replace('"', ""),
            "width": self._get_mail_width(),
            "url": self.id and f"/marketing_automation/preview/{self.id}?v={self.write_date:%Y%m%d%H%M%S%f}",
            "text": False,
        }

    @api.readonly
    def get_marketing_preview(self):
        """Return what a step's dialog shows of its template; see :meth:`_get_marketing_preview`.

        :rtype: dict
        :raise UserError: for what is no template of a campaign
        """
        self.ensure_one()
        self.check_access("read")
        if not self.use_in_marketing_automation:
            raise UserError(_("“%s” is no template of a campaign.", self.display_name))
        return self._get_marketing_preview()

    def _get_mail_width(self):
        """Return how wide a screen has to be in pixels to show the email as wide as it may be.

        :rtype: int
        """
        body = str(self.body_html or "")
        return WIDE if "o_mail_wrapper" in body and "o_mail_small" not in body else NARROW

    def _get_preview_body(self):
        """Return the body as its picture shows it: words for placeholders, no links to follow, nothing that runs.

        :rtype: markupsafe.Markup
        """
        self.ensure_one()
        if is_html_empty(self.body_html):
            return Markup("<p>%s</p>") % _("This email has no text yet.")
        root = self._parse_readable_body()
        for link in root.iter("a", "area"):
            link.attrib.pop("href", None)
        return html_sanitize(
            html.tostring(root, encoding="unicode"),
            sanitize_attributes=True,
            sanitize_form=True,
        )

    # ------------------------------------------------------------
    # Sample
    # ------------------------------------------------------------

    def action_test(self):
        """Open the dialog that sends a sample: that of a template lets its user choose the record."""
        self.ensure_one()
        return self._open_marketing_sample() if self.use_in_marketing_automation else super().action_test()

    def _open_marketing_sample(self):
        return {
            "name": _("Send Me a Sample"),
            "type": "ir.actions.act_window",
            "res_model": "marketing.sample",
            "views": [(self.env.ref("marketing_automation.marketing_sample_view_form").id, "form")],
            "target": "new",
            "context": {"default_mailing_id": self.id},
        }
