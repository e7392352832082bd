"""A cart of the shop is left: nobody has touched it for some hours, and it was not bought."""

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, LazyTranslate

from odoo.addons.marketing_automation.models.numbers import format_number

from ...engine.event_kinds import EventKind, make_subject_form
from .purchase import CUSTOMER, PRODUCT

_lt = LazyTranslate(__name__)

HOURS = 10  # as Website's own reminder
MOST_HOURS = 24 * 365
CART = EventKind(
    "cart",
    _lt("A cart is left"),
    hint=_lt("A product lies in the cart for some hours, and is not bought"),
    icon="fa-shopping-cart",
    model="sale.order",
    needs="product.public.category",
    subject="product.template",
    ways=CUSTOMER,
    filtered=False,
    settings={"hours": "event_hours", "record": "event_record_id"},
    form="""
        <field name="event_hours" required="True"/>
    """
    + make_subject_form(*PRODUCT),
    form_texts=PRODUCT,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    event_hours = fields.Integer(
        string="Hours",
        default=HOURS,
        help=("How long nobody has added anything to the cart or removed anything from it."),
    )

    @api.model
    def _describe_event_cart(self):
        return CART

    @api.model
    def _words_event_cart(self, settings):
        hours = self.env["marketing.activity"]._get_duration_label(settings.get("hours") or 0, "hours")
        product = self._get_subject_name(settings)
        if product:
            return _("Left a cart with “%(product)s” for %(hours)s", product=product, hours=hours)
        return _("Left a cart for %s", hours)

    @api.model
    def _find_kind_problems_event_cart(self, settings, model):
        if not 1 <= (settings.get("hours") or 0) <= MOST_HOURS:
            return [
                _("Say for how many hours a cart has been left: from 1 to %s.", format_number(self.env, MOST_HOURS))
            ]
        return self._find_subject_problems(settings, model.env)

    @api.model
    def _find_event_cart(self, campaign, running, now, limit, after):
        """Return who has left a cart for so many hours since the last look: see ``_enrol_event``.

        The date of an order is that on which its cart was made: its lines tell when it was touched.
        """
        orders, delay = campaign._get_run_env()["sale.order"], timedelta(hours=running.settings["hours"])
        first, last = self.browse(running.id)._get_look_start(now) - delay, now - delay
        domain = Domain([("id", ">", after or 0), ("state", "=", "draft"), ("website_id", "!=", False)])
        # whoever is not logged in has one account for all
        nobody = self.env["website"].sudo().search([("user_id", "!=", False)]).user_id.partner_id
        domain &= Domain("partner_id", "not in", nobody.ids)
        product_id = running.settings.get("record")
        if product_id:
            domain &= Domain("order_line", "any", [("product_template_id", "=", product_id)])
        domain &= Domain.custom(to_sql=lambda model, alias, query: self._get_left_sql(alias, first, last))
        found = orders.search_fetch(domain, ["partner_id", "order_line"], order="id", limit=limit)
        bought = self._find_purchases(found, first)
        keys = {}
        for order in found:
            touched = max(order.order_line.mapped("write_date"))
            if bought.get(order.partner_id.id, touched) <= touched:
                keys[order] = f"{touched.isoformat()} {order.id}"
        return self._get_occurrences(campaign, running, keys), found[-1].id if len(found) == limit else None

    @api.model
    def _get_left_sql(self, alias, first, last):
        """Return the condition on an order that its lines were touched last in a span of time (UTC).

        Each cart's lines are read by their index on the order: on the dates of all lines there is none. An aggregate,
        since PostgreSQL may turn EXISTS into a look through all of them.
        """
        return SQL(
            "(SELECT max(l.write_date) FROM sale_order_line l WHERE l.order_id = %s) BETWEEN %s AND %s",
            SQL.identifier(alias, "id"),
            first + timedelta(microseconds=1),
            last,
        )

    @api.model
    def _find_purchases(self, orders, since):
        """Return when the customers of orders have last bought something since a moment, by their ids."""
        domain = [("partner_id", "in", orders.partner_id.ids), ("state", "=", "sale"), ("date_order", ">=", since)]
        rows = orders._read_group(domain, ["partner_id"], ["date_order:max"])
        return {partner.id: moment for partner, moment in rows}
