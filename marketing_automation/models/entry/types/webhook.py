"""The webhook: another system says who enters, by a POST to an address that holds a secret."""

import hashlib
import secrets

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from ....engine.entry_types import CALL, EntryType

_lt = LazyTranslate(__name__)

ROUTE = "/marketing_automation/enroll"
TOKEN_BYTES = 32
WEBHOOK = EntryType(
    "webhook",
    icon="fa-plug",
    hint=_lt("Whom another system names: a shop, a form, an app"),
    lets_in_again=CALL,
    settings={"create": "webhook_create"},
    form="""
        <field name="webhook_url" widget="CopyClipboardChar" readonly="1"/>
        <div colspan="2" class="mb-3">
            <button
                name="action_renew_token"
                type="object"
                string="New Address"
                class="btn-secondary"
                icon="fa-refresh"
                confirm="The current address stops working at once: give the new one to whoever uses it."
            />
        </div>
        <field name="webhook_create"/>
    """,
    form_texts=(
        _lt("New Address"),
        _lt("The current address stops working at once: give the new one to whoever uses it."),
    ),
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    entry_type = fields.Selection(selection_add=[("webhook", "Webhook"), ("missing",)], ondelete={"webhook": "cascade"})
    token = fields.Char(
        compute="_compute_token",
        store=True,
        readonly=True,
        copy=False,
        help="Who knows it may add records to the campaign.",
    )
    token_hash = fields.Char(compute="_compute_token_hash", store=True, readonly=True, copy=False)
    webhook_url = fields.Char(string="Address", compute="_compute_webhook_url")
    webhook_create = fields.Boolean(
        string="Make New Records",
        help="Whether a record is made for an email address that nobody has yet, with the rights of the campaign.",
    )

    _token_uniq = models.UniqueIndex("(token_hash) WHERE token_hash IS NOT NULL")

    @api.model
    def _describe_entry_webhook(self):
        return WEBHOOK

    def _describe_settings_webhook(self, settings):
        if settings.get("create"):
            return _("Whom another system names; a record is made for who is new")
        return _("Whom another system names")

    @api.depends("entry_type")
    def _compute_token(self):
        for entry in self:
            if entry.entry_type != "webhook" or not entry.id:  # a form that is not saved shows none
                entry.token = False
            elif not entry.token:
                entry.token = secrets.token_urlsafe(TOKEN_BYTES)

    @api.depends("token")
    def _compute_token_hash(self):
        for entry in self:
            entry.token_hash = hash_token(entry.token) if entry.token else False

    @api.depends("token")
    def _compute_webhook_url(self):
        for entry in self:
            entry.webhook_url = entry.token and f"{entry.get_base_url()}{ROUTE}/{entry.token}"

    def action_renew_token(self):
        """Give this entry another address; the present one stops working.

        :raise UserError: for an entry of another type
        """
        self.ensure_one()
        self.check_access("write")
        self.campaign_id.check_access("write")
        if self.entry_type != "webhook":
            raise UserError(_("Only a webhook has an address."))
        self.sudo().token = secrets.token_urlsafe(TOKEN_BYTES)
        return True


def hash_token(token):
    """Return by what an entry is found: comparing hashes tells nothing of how much of a token is right."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
