from odoo import models


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "marketing.target.mixin"]

    def _merge_dependences(self, opportunities):
        """Have the participants follow to the lead that survives."""
        self.env["marketing.participant"].sudo()._follow_merge(self._name, opportunities.ids, self.id)
        return super()._merge_dependences(opportunities)
