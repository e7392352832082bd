"""What stands in a template's texts: placeholders, as the editor leaves them and as Odoo lets a user have them.

On Odoo as it comes, who is no template editor may use a few placeholders, each written as `<t t-out="object.name">` and
nothing else: Odoo refuses a template in which the editor, or what turns its styles into those of mails, wrote anything
onto one. A `<t>` is not in the mail that is sent, so that what stands on it has no effect.
"""

import re

from lxml import html

from odoo import _, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.rendering_tools import parse_inline_template

EDITORS = "mail.group_mail_template_editor"
OUT = "t-out"
PLACES = ("subject", "preview", "body_html")
# what the editor's toolbar writes; the rest of a placeholder's style is what each tag of the mail has
WRITTEN_STYLE = re.compile(r"(?:font-(?:weight|style|size)|text-decoration[a-z-]*|color|background-color) *:")
# the beginning of a placeholder in a text, whose default or end follows
INLINE = re.compile(r"\{\{ *(object(?:\.\w+)+) *(?=\|\|\||\}\})")


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    marketing_text_problem = fields.Char(compute="_compute_marketing_text_problem")

    @api.model
    def _tidy_marketing_texts(self, vals):
        """Write the placeholders of a template as Odoo lets everybody have them.

        :param dict vals: of a mailing; changed in place
        """
        for name in PLACES:
            if not isinstance(text := vals.get(name), str):
                continue
            if name != "body_html":
                vals[name] = INLINE.sub(lambda found: f"{{{{ {self._get_marketing_expression(found[1])} ", text)
            elif OUT in text:
                vals[name] = self._tidy_marketing_placeholders(text)

    @api.model
    def _tidy_marketing_placeholders(self, body):
        """Return a body whose placeholders carry nothing but what they stand for, and their default text.

        What would change the mail stays, a condition or a default with links in it among them.

        :param str body:
        :rtype: str
        """
        root = html.fragment_fromstring(body, create_parent="div")
        before = html.tostring(root, encoding="unicode")
        for element in root.xpath(f"//*[@{OUT}]"):
            if element.tag != "t":
                element = self._put_placeholder_inside(element)
            self._put_placeholder_in_its_style(element)
            for name in list(element.attrib):
                if not name.startswith("t-") and name != "groups":
                    del element.attrib[name]
            element.set(OUT, self._get_marketing_expression(element.get(OUT)))
        after = html.tostring(root, encoding="unicode")
        return body if after == before else after.removeprefix("<div>").removesuffix("</div>")

    @api.model
    def _put_placeholder_inside(self, element):
        """Have a tag that is a placeholder too hold it instead: `<b t-out="…">` is `<b><t t-out="…">`.

        :return: the element that is the placeholder now
        """
        if {name for name in element.attrib if name.startswith("t-")} != {OUT}:
            return element
        placeholder = element.makeelement("t", {OUT: element.attrib.pop(OUT)})
        placeholder.text, element.text = element.text, None
        placeholder.extend(list(element))
        element.append(placeholder)
        return placeholder

    @api.model
    def _put_placeholder_in_its_style(self, placeholder):
        """Have what the editor wrote onto a placeholder, bold or red, stand in the mail, where a `<t>` is not."""
        styles = [style.strip() for style in (placeholder.get("style") or "").split(";")]
        styles = [style for style in styles if WRITTEN_STYLE.match(style)]
        if styles and (parent := placeholder.getparent()) is not None:
            span = placeholder.makeelement("span", {"style": "; ".join(styles)})
            span.tail, placeholder.tail = placeholder.tail, None
            parent.replace(placeholder, span)
            span.append(placeholder)

    @api.model
    def _get_marketing_expression(self, expression):
        """Return an expression as everybody may use it: of a record, which cannot be read, its name."""
        expression = expression.strip()
        name = f"{expression}.name"
        return name if name in self.mail_allowed_qweb_expressions() else expression

    # ------------------------------------------------------------
    # What a user may not write
    # ------------------------------------------------------------

    @api.depends("subject", "preview", "body_arch", "body_html", "mailing_model_id")
    @api.depends_context("uid", "lang")
    def _compute_marketing_text_problem(self):
        for mailing in self:
            mailing.marketing_text_problem = (
                mailing.use_in_marketing_automation and mailing._get_marketing_text_problem()
            )

    def _check_access_right_dynamic_template(self):
        """Say which placeholder it is that the user may not use, where Odoo does not."""
        for mailing in self.filtered("use_in_marketing_automation"):
            if problem := mailing._get_marketing_text_problem():
                raise AccessError(problem)
        return super()._check_access_right_dynamic_template()

    def _get_marketing_text_problem(self):
        """Return in words what the user may not have written, and what to do; None if they may.

        :rtype: str | None
        """
        if self.env.su or self.env.user.has_group(EDITORS) or not (refused := self._get_refused_placeholders()):
            return None
        model = self.env[self.mailing_model_real or "base"]
        usable = [
            expression
            for expression in model.mail_allowed_qweb_expressions()
            if expression.split(".")[1] in model._fields
            and f"{expression}.name" not in model.mail_allowed_qweb_expressions()
        ]
        return _(
            "Only members of the group “%(group)s” may use %(refused)s: take it out of the text, or ask an "
            "administrator for that group. Everybody may use %(usable)s.",
            group=self.env.ref(EDITORS).sudo().name,
            refused=", ".join(f"“{placeholder}”" for placeholder in refused),
            usable=", ".join(f"“{expression}”" for expression in usable) or "-",
        )

    def _get_refused_placeholders(self):
        """Return what is in the texts that only a template editor may write, each once, without its braces.

        :rtype: list[str]
        """
        model = self.mailing_model_real
        allowed = self.env["ir.qweb"]._is_expression_allowed
        refused = []
        for field in self._fields.values():
            if not field.store or field.type not in {"char", "text", "html"} or not (text := self[field.name]):
                continue
            if getattr(field, "render_engine", None) == "qweb":
                refused += self._get_refused_directives(str(text), model)
            else:
                found = [expression for _text, expression, _default in parse_inline_template(str(text))]
                refused += [expression for expression in found if expression and not allowed(expression, model)]
        return list(dict.fromkeys(refused))

    @api.model
    def _get_refused_directives(self, body, model):
        """Return what is in a body that Odoo's restricted rendering refuses, as a person would look for it."""
        body = self._tidy_marketing_placeholders(body)  # what is being typed is not yet as it will be kept
        if not self._has_unsafe_expression_template_qweb(body, model):
            return []
        refused = []
        for element in html.fragment_fromstring(body, create_parent="div").xpath("//*[@*[starts-with(name(), 't-')]]"):
            directives = {name: value for name, value in element.items() if name.startswith("t-")}
            expression = directives.pop(OUT, None)
            if expression is not None and not self.env["ir.qweb"]._is_expression_allowed(expression, model):
                refused.append(expression)
            refused += [
                _("a block that only some receive") if "filtered_domain(" in value else f'{name}="{value}"'
                for name, value in directives.items()
            ]
            if expression is not None and len(element):
                refused.append(_("a formatted default text of “%s”", expression))
        return refused or [_("something unknown")]

    def _get_marketing_links(self):
        """Extension point: the links of a message, each once; those that differ from recipient to recipient left out.

        :return: address and text of each
        :rtype: list[list[str]]
        """
        self.ensure_one()
        if self.mailing_type != "mail":
            return []
        links = self.env["mail.render.mixin"]._find_marketing_links(self.body_html)
        own = {link["url"]: link["label"] or "" for link in links if "{{" not in link["url"]}
        return [[url, label] for url, label in own.items()]
