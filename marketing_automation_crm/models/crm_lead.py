from odoo import _, models


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "marketing.target.mixin"]

    def _merge_dependences(self, opportunities):
        """Have the participants follow to the lead that survives."""
        self.env["marketing.participant"].sudo()._follow_merge(self._name, opportunities.ids, self.id)
        return super()._merge_dependences(opportunities)

    def _marketing_schedule_call(self):
        """Plan a call about each lead: for the salesperson of its contact, else for its own."""
        for lead in self:
            user = lead.partner_id.user_id or lead.user_id or self.env.user
            lead.activity_schedule("mail.mail_activity_data_call", summary=_("Call about the lead"), user_id=user.id)
