from odoo import api, models


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    # A mailing belongs to no company: whoever reads one reads on where its UTM campaign is another company's.

    @api.depends("campaign_id.ab_testing_winner_mailing_id")
    def _compute_ab_testing_is_winner_mailing(self):
        return super(MailingMailing, self.sudo())._compute_ab_testing_is_winner_mailing()

    @api.depends(lambda self: self._get_ab_testing_description_modifying_fields())
    def _compute_ab_testing_description(self):
        return super(MailingMailing, self.sudo())._compute_ab_testing_description()

    @api.depends("campaign_id.mailing_mail_ids.state")
    def _compute_is_ab_test_sent(self):
        return super(MailingMailing, self.sudo())._compute_is_ab_test_sent()
