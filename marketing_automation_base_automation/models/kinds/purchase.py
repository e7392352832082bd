"""A product is bought: an order is confirmed, in the shop or by a salesperson."""

from odoo import _, api, models
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ...engine.event_kinds import Email, EventKind, Happening, Link, make_subject_form

_lt = LazyTranslate(__name__)

PRODUCT = (_lt("Product"), _lt("Any product"))
CUSTOMER = (
    Link("res.partner", "partner_id"),
    Link("crm.lead", "opportunity_id"),
    Email(path="partner_id"),
)  # of an order
PURCHASE = EventKind(
    "purchase",
    _lt("A product is bought"),
    hint=_lt("An order is confirmed, in the shop or by a salesperson"),
    icon="fa-credit-card",
    model="sale.order",
    subject="product.template",
    happens=(Happening(field="state", becomes=("sale",)),),
    ways=CUSTOMER,
    settings={"record": "event_record_id"},
    form=make_subject_form(*PRODUCT),
    form_texts=PRODUCT,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_purchase(self):
        return PURCHASE

    @api.model
    def _words_event_purchase(self, settings):
        product = self._get_subject_name(settings)
        return _("Bought “%s”", product) if product else _("Bought something")

    @api.model
    def _find_kind_problems_event_purchase(self, settings, model):
        return self._find_subject_problems(settings, model.env)

    @api.model
    def _domain_event_purchase(self, settings):
        """An order that is cancelled before it is looked at brings nobody in."""
        domain = Domain("state", "=", "sale")
        if settings.get("record"):
            domain &= Domain("order_line", "any", [("product_template_id", "=", settings["record"])])
        return domain
