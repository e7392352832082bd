from odoo import api, fields, models


class UtmSource(models.Model):
    """The source of a campaign's message is called as that is: it belongs to the campaign's company."""

    _name = "utm.source"
    _inherit = ["marketing.private.name.mixin", "utm.source", "marketing.engine.fields"]

    marketing_mailing_ids = fields.One2many(
        "mailing.mailing",
        "source_id",
        string="Mailings",
        readonly=True,
        engine_only=True,
        copy=False,
        context={"active_test": False},
        groups="marketing_automation.group_marketing_automation_user",
        help="The company of a campaign that sends them decides who sees the source.",
    )

    @api.model
    def _get_marketing_name(self, subject):
        """Return a name for the source of a campaign's message that people can read: it ends in its links.

        :param str subject:
        """
        return self.env["utm.mixin"]._get_marketing_words(subject) or self.env._("Email")
