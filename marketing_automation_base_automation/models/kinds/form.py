"""A form of the website is sent: it makes a record of the model that the form is for."""

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate

from ...engine.event_kinds import Email, EventKind, Happening, Link

_lt = LazyTranslate(__name__)

# Where a form without a model of its own leaves the visitor's address: Website writes an email with it
ADDRESSES = {"mail.mail": "reply_to"}
FORM = EventKind(
    "form",
    _lt("A form of the website is sent"),
    hint=_lt("By whoever gives their email address in it"),
    icon="fa-wpforms",
    model="mail.mail",
    needs="website",
    happens=(Happening(created=True),),
    settings={"form": "event_form", "form_page": "event_form_page"},
    form="""
        <field
            name="event_form"
            widget="marketing_event_choice"
            options="{'offered': 'forms'}"
            required="True"
        />
        <field name="event_form_page" placeholder="Any page"/>
    """,
    form_texts=(_lt("Any page"),),
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    event_form = fields.Char(string="What It Makes", help="What the form makes of what is sent.")
    event_form_page = fields.Char(
        string="On a Page Whose Address Contains", help="A part of the address of the page that has the form."
    )

    @api.model
    def _describe_event_form(self):
        return FORM

    @api.model
    def _model_event_form(self, settings, target):
        return settings.get("form") or "mail.mail"

    @api.model
    def _suits_event_form(self, settings, target):
        return bool(self._get_form_choices(target))

    @api.model
    def _ways_event_form(self, settings, target):
        name = self._model_event_form(settings, target)
        model = self.env.get(name)
        links = [Link(target)] if name == target else []
        if model is not None and "partner_id" in model._fields:
            links.append(Link("res.partner", "partner_id"))
        ways = (*links, Email(ADDRESSES.get(name, "email_normalized")))
        return tuple(way for way in ways if isinstance(way, Email) or way.target == target)

    @api.model
    def _happens_event_form(self, settings):
        return (Happening(created=True, by_form=(settings.get("form_page") or "").strip()),)

    @api.model
    def _words_event_form(self, settings):
        name = self.env["ir.model"].sudo()._get(settings.get("form") or "").name or ""
        page = (settings.get("form_page") or "").strip()
        words = _("Sent a form of the website (%s)", name) if name else _("Sent a form of the website")
        return _("%(form)s on a page whose address contains “%(page)s”", form=words, page=page) if page else words

    @api.model
    def _choices_event_form(self, settings, target):
        return {"forms": self._get_form_choices(target)}

    @api.model
    def _get_form_choices(self, target):
        """Return what forms of the website make that leads to a target: names of models, and what they are called."""
        known = self.env["ir.model"].sudo().search([("website_form_access", "=", True)], order="name")
        return [
            [model.model, model.name]
            for model in known
            if model.model in self.env
            and any(
                self._is_way(way, model.model, target)
                for way in self._ways_event_form({"kind": "form", "form": model.model}, target)
            )
        ]

    @api.model
    def _find_kind_problems_event_form(self, settings, model):
        if not settings.get("form"):
            return [_("Choose what the form makes that brings people in.")]
        return []
