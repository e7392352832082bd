from lxml import html
from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import clean_context
from odoo.tools.mail import email_split
from odoo.tools.misc import file_open

from ..models.notices import notify

STYLES = "mass_mailing/static/src/scss/mass_mailing_mail.scss"  # Odoo's, of every mass mail


class MarketingSample(models.TransientModel):
    """Send oneself a message of a campaign, as a record that one chooses would receive it."""

    _name = "marketing.sample"
    _inherit = ["marketing.record.choice", "marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Automation: Sample"

    mailing_id = fields.Many2one("mailing.mailing", string="Template", required=True, ondelete="cascade")
    mailing_type = fields.Selection(related="mailing_id.mailing_type")
    model_id = fields.Many2one(related="mailing_id.mailing_model_id")
    model_name = fields.Char(related="mailing_id.mailing_model_real")
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="model_name", compute="_compute_res_id", store=True, readonly=False
    )
    resource_ref = fields.Reference(
        string="As it reads for",
        help="The placeholders are filled in from this record. Nothing is sent to it.",
    )
    recipient = fields.Char(
        string="Send it to",
        compute="_compute_recipient",
        store=True,
        readonly=False,
        help="Your own address, or several, separated by commas.",
    )
    subject = fields.Char(compute="_compute_subject")

    @api.depends("mailing_id")
    def _compute_res_id(self):
        for wizard in self:
            wizard.res_id = wizard._find_record().id

    @api.depends("mailing_id")
    def _compute_recipient(self):
        for wizard in self:
            wizard.recipient = wizard._get_own_address()

    def _get_refusal(self, name):
        return _("“%s” is no record of the template's target.", name)

    @api.depends("mailing_id", "resource_ref")
    def _compute_subject(self):
        for wizard in self:
            record, mailing = wizard._get_record(), wizard.mailing_id
            wizard.subject = mailing.display_name
            if record:
                try:
                    wizard.subject = mailing._render_field("subject", record.ids, compute_lang=False)[record.id]
                except UserError:  # what is wrong with it is said when it is sent
                    continue

    # ------------------------------------------------------------
    # For whom it reads
    # ------------------------------------------------------------

    def _get_record(self):
        """Return the chosen record, of the template's target, as far as the user may read it; else None."""
        model = self.env.get(self.model_name)
        res_id = (
            self.resource_ref.id if self.resource_ref and self.resource_ref._name == self.model_name else self.res_id
        )
        if model is None or not res_id or not model.has_access("read"):
            return None
        return model.browse(res_id).exists()._filtered_access("read") or None

    def _find_record(self):
        """Return a record whom the campaign would write to, else any of its target; none where there is none."""
        mailing, model = self.mailing_id, self.env.get(self.model_name)
        if model is None or not model.has_access("read"):
            return self.env["res.partner"]
        campaign = mailing.sudo().marketing_campaign_id
        try:
            domain = campaign._parse_filter(campaign.domain or "[]", self.env)
            found = model.search(domain, limit=1)
        except (UserError, ValueError):  # a filter that cannot be read: the form of the campaign says so
            found = model.browse()
        return found or model.search([], limit=1)

    # ------------------------------------------------------------
    # Sending
    # ------------------------------------------------------------

    def _get_own_address(self):
        """Return where the user gets a sample of this type of message; an addon knows that of its own type."""
        return self.env.user.email_formatted or False

    def action_send(self):
        """Send the message at once, to nobody but the addresses of the dialog.

        :return: the action that says to whom it went
        :raise UserError: what keeps it from being sent
        """
        self.ensure_one()
        self.check_access("write")
        wizard = self.with_context(clean_context(self.env.context))  # a caller's defaults are for the wizard
        mailing = wizard.mailing_id
        mailing.check_access("read")
        if not mailing.use_in_marketing_automation:
            raise UserError(_("“%s” is no template of a campaign.", mailing.display_name))
        record = wizard._get_record()
        if not record and self.env.get(self.model_name, self.browse()).search_count([], limit=1):
            raise UserError(_("Choose the record from which the placeholders are filled in."))
        recipients = getattr(wizard, f"_send_{mailing.mailing_type}")(record)
        # it stays until it is read: one looks into one's mailbox meanwhile
        return notify("success", _("The sample was sent to %s.", ", ".join(recipients)), sticky=True)

    @api.private
    def _send_mail(self, record):
        """Send the sample of an email, in the layout of every mass mail.

        :param record: of the target, or None where there is none
        :return: the addresses
        :rtype: list[str]
        :raise UserError: without an address, or when the mail server refuses it
        """
        mailing, recipients = self.mailing_id, email_split(self.recipient or "")
        if not recipients:
            raise UserError(_("Enter the email address to which the sample is to be sent."))
        if record:
            texts = {"subject": {}, "preview": {}, "body_html": {"options": {"preserve_comments": True}}}
            for name, options in texts.items():
                texts[name] = mailing._render_field(name, record.ids, compute_lang=False, **options)[record.id]
        else:  # nobody is there yet from whom the placeholders could be filled in
            texts = {name: mailing._get_readable_text(mailing[name]) for name in ("subject", "preview")}
            texts["body_html"] = Markup(html.tostring(mailing._parse_readable_body(), encoding="unicode"))
        body = mailing._prepend_preview(texts["body_html"], texts["preview"])
        with file_open(STYLES) as file:
            styles = file.read()
        layout = {
            "body": self.env["mail.render.mixin"]._replace_local_links(body),
            "mailing_style": Markup("<style>%s</style>") % Markup(styles),
        }
        values = {
            "email_from": mailing.email_from,
            "reply_to": mailing.reply_to,
            "subject": _("[Sample] %s", texts["subject"]),
            "body_html": self.env["ir.qweb"]._render(
                "mass_mailing.mass_mailing_mail_layout", layout, minimal_qcontext=True
            ),
            "is_notification": True,
            "mailing_id": mailing.id,
            "attachment_ids": [(4, attachment.id) for attachment in mailing.attachment_ids],
            "auto_delete": False,  # its state is read first
            "mail_server_id": mailing.mail_server_id.id,
            "model": record._name if record else False,
            "res_id": record.id if record else False,
        }
        # as Odoo's own dialog: who may write mailings may send samples, and has no right to mails
        mails = self.env["mail.mail"].sudo().create([{**values, "email_to": email} for email in recipients])
        mails.with_context(mailing_test_mail=True).send()
        failed = mails.filtered(lambda mail: mail.state != "sent")
        if failed:
            raise UserError(
                _(
                    "The sample could not be sent to %(address)s: %(reason)s",
                    address=failed[0].email_to,
                    reason=failed[0].failure_reason or _("ask your administrator about the outgoing mail server."),
                )
            )
        mails.unlink()
        return recipients
