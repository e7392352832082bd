from odoo import _, api, models
from odoo.exceptions import ValidationError

from ...engine.pressure import MAX_DAYS, MAX_MESSAGES
from .caps import CAP_KEY, DAYS_KEY, MAILINGS_KEY, MODE_KEY, read_number


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    @api.constrains("key", "value")
    def _check_caps(self):
        for parameter in self:
            self._check_cap(parameter.key, parameter.value)

    @api.model
    def _check_cap(self, key, value):
        """Refuse what is no limit of messages, in words.

        :param str key: of the parameter; others are not looked at
        :param str value: what it is to be
        :raise ValidationError: where it is nothing that the engine could keep to
        """
        if not key or not key.startswith(CAP_KEY) or key in (MODE_KEY, MAILINGS_KEY) or key.endswith("_on"):
            return
        most = MAX_DAYS if key == DAYS_KEY else MAX_MESSAGES
        if read_number(value, most):
            return
        if key == DAYS_KEY:
            words = _("The limit of messages counts over 1 to %(most)s days, not “%(value)s”.", most=most, value=value)
        else:
            words = _(
                "The limit is 1 to %(most)s messages to one address, not “%(value)s”. To have none, switch it off.",
                most=most,
                value=value,
            )
        raise ValidationError(words)
