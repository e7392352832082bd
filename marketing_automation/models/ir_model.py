from odoo import api, fields, models

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
