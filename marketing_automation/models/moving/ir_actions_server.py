from odoo import api, models

OF_ALL = ("name", "state", "sequence", "group_ids")
# What actions of a kind have, beside what all have
KINDS = {
    "object_write": (
        *("update_path", "update_m2m_operation", "update_boolean_value", "evaluation_type", "value", "html_value"),
        *("resource_ref", "selection_value", "sequence_id"),
    ),
    "object_create": ("crud_model_id", "link_field_id", "value"),
    "object_copy": ("crud_model_id", "link_field_id", "resource_ref"),
    "next_activity": (
        *("activity_type_id", "activity_summary", "activity_note", "activity_user_type", "activity_user_id"),
        *("activity_user_field_name", "activity_date_deadline_range", "activity_date_deadline_range_type"),
    ),
    "mail_post": ("template_id", "mail_post_method", "mail_post_autofollow"),
    "followers": ("partner_ids", "followers_type", "followers_partner_field_name"),
    "remove_followers": ("partner_ids", "followers_type", "followers_partner_field_name"),
    "code": ("code",),
    "webhook": ("webhook_field_ids",),  # its address may hold a secret
    "multi": (),
    "marketing_enroll": ("marketing_campaign_id", "marketing_path"),
    "marketing_remove": ("marketing_campaign_id", "marketing_path"),
}


class IrActionsServer(models.Model):
    _name = "ir.actions.server"
    _inherit = ["marketing.moving.mixin", "ir.actions.server"]

    @api.model
    def _get_moving_kinds(self):
        """Return the fields that a file has of actions of each kind, beside what all have; no secret.

        Of a kind that is not named a file has no action: its step comes without one.

        :rtype: dict[str, tuple[str]]
        """
        return KINDS

    @api.model
    def _get_moving_fields(self):
        return [*OF_ALL, *{name for names in self._get_moving_kinds().values() for name in names}]

    def _get_moving_names(self):
        """Return the fields that a file has of this action, or None where it cannot have it."""
        kinds = self._get_moving_kinds()
        if self.state not in kinds:
            return None
        names = [*OF_ALL, *kinds[self.state]]
        if self.resource_ref or self.selection_value:
            names = [name for name in names if name != "value"]  # their id, or key, which Odoo puts there itself
        return names
