from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_reference_fields_generic(
        self, referenced_model, src_records, dst_record, additional_update_records=None
    ):
        """Have the participants follow to the record that survives."""
        self.env["marketing.participant"].sudo()._follow_merge(referenced_model, src_records.ids, dst_record.id)
        return super()._update_reference_fields_generic(
            referenced_model, src_records, dst_record, additional_update_records
        )
