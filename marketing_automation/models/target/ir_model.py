from odoo import api, fields, models
from odoo.tools import SQL

# Odoo's own machinery has mail threads too; nobody runs a campaign on it.
TECHNICAL_PREFIXES = (
    "base.",
    "discuss.",
    "fetchmail.",
    "ir.",
    "mail.",
    "mailing.",
    "marketing.",
    "phone.",
    "utm.",
)
# Of what people are offered, what most campaigns are for.
USUAL_TARGETS = (
    "res.partner",
    "mailing.contact",
    "crm.lead",
    "hr.applicant",
    "event.registration",
    "sale.order",
)
TARGETS_DESPITE_PREFIX = {"mailing.contact"}


class IrModel(models.Model):
    _inherit = "ir.model"

    is_marketing_target = fields.Boolean(
        string="Marketing Automation Target",
        compute="_compute_is_marketing_target",
        search="_search_is_marketing_target",
        help="Whether campaigns can target the records of this model.",
    )

    @api.model
    def _get_marketing_target_names(self):
        """Return the names of the models that a campaign can target: those with a mail
        thread that hold records of a business, not of Odoo's machinery."""
        thread = self.env.registry["mail.thread"]
        return sorted(
            name
            for name, model in self.env.registry.items()
            if model._auto
            and not model._abstract
            and not model._transient
            and issubclass(model, thread)
            and (name in TARGETS_DESPITE_PREFIX or not name.startswith(TECHNICAL_PREFIXES))
        )

    def _compute_is_marketing_target(self):
        names = set(self._get_marketing_target_names())
        for model in self:
            model.is_marketing_target = model.model in names

    def _search_is_marketing_target(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        return [("model", operator if True in value else "not in", self._get_marketing_target_names())]

    # ------------------------------------------------------------
    # What people are offered
    # ------------------------------------------------------------

    is_marketing_choice = fields.Boolean(
        string="Marketing Automation Choice",
        compute="_compute_is_marketing_choice",
        search="_search_is_marketing_choice",
        help="Whether the reader may read this target, and mails its records or works on them.",
    )

    @api.model
    def _get_marketing_choice_names(self):
        """Return the targets that the user is offered, the usual ones first.

        Of those that a campaign can have, and the user may read: whose records have an address of their own, or a
        contact and a menu of their own. The others are Odoo's or an addon's machinery.
        """
        opened = self._get_opened_model_names()
        names = [
            name
            for name in self._get_marketing_target_names()
            if self.env[name].has_access("read")
            and (self._has_own_address(self.env[name]) or (name in opened and self._has_contact(self.env[name])))
        ]
        ranks = {name: rank for rank, name in enumerate(USUAL_TARGETS)}
        return sorted(names, key=lambda name: (ranks.get(name, len(ranks)), self.env[name]._description or name))

    @api.model
    def _has_own_address(self, model):
        """Tell whether the records of a model keep an email address of their own."""
        names = [
            model._mail_get_primary_email_field(),
            "email_from",
            "email",
            "partner_email",
            "x_email_from",
            "x_email",
        ]
        found = [model._fields[name] for name in names if name in model._fields]
        # a related one is somebody else's: of the user, the company …
        return any(field.type == "char" and field.store and not field.related for field in found)

    @api.model
    def _has_contact(self, model):
        """Tell whether people work on the records of a model, each of which is about one contact."""
        names = model._mail_get_partner_fields(introspect_fields=model._custom)
        has_contact = any(model._fields[name].store and model._fields[name].type == "many2one" for name in names)
        return has_contact and (model._custom or isinstance(model, self.pool["mail.activity.mixin"]))

    @api.model
    def _get_opened_model_names(self):
        """Return the models that people open from a menu; those of the developer mode are for technicians."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT a.res_model FROM ir_ui_menu m
                  JOIN ir_act_window a ON m.action = 'ir.actions.act_window,' || a.id
                 WHERE m.active AND NOT EXISTS (
                       SELECT 1 FROM ir_ui_menu_group_rel r WHERE r.menu_id = m.id AND r.gid = %s)
                """,
                self.env.ref("base.group_no_one").id,
            )
        )
        return {name for (name,) in rows}

    def _compute_is_marketing_choice(self):
        names = set(self._get_marketing_choice_names())
        for model in self:
            model.is_marketing_choice = model.model in names

    def _search_is_marketing_choice(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        return [("model", operator if True in value else "not in", self._get_marketing_choice_names())]

    @api.model
    @api.readonly
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Offer the usual targets first where a campaign's target is chosen."""
        if not self.env.context.get("marketing_usual_first"):
            return super().name_search(name, domain, operator, limit)
        found = super().name_search(name, domain, operator, limit=None)
        models = {model.id: model.model for model in self.sudo().browse([found_id for found_id, _name in found])}
        ranks = {model_name: rank for rank, model_name in enumerate(self._get_marketing_choice_names())}
        return sorted(found, key=lambda pair: ranks.get(models[pair[0]], len(ranks)))[:limit]
