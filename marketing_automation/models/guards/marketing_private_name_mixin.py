"""Names of campaigns, and of whom they reach, for those who may read them."""

from odoo import _, api, models


class MarketingPrivateNameMixin(models.AbstractModel):
    """Records whose name is shown to those alone who may read them.

    Odoo shows the name of a linked record to whoever may read the record that links to it, as
    superuser: a mailing, which belongs to no company, would tell the campaigns of all.
    """

    _name = "marketing.private.name.mixin"
    _description = "Marketing: Names for Readers"

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_display_name(self):
        res = super()._compute_display_name()
        real = self.filtered("id")
        for record in real - real._filter_readable_by_user():
            record.display_name = _("(of another company)")
        return res

    def _filter_readable_by_user(self):
        """Return those of these records that the user may read, whatever the environment may."""
        if not self.env.su or self.env.user._is_superuser():
            return self  # without rights of the superuser their fields could not be read at all
        return self.sudo(False)._filtered_access("read").with_env(self.env)
