import base64
import binascii

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..engine.campaign_file import MOST_BYTES, CampaignFileError, read_campaign_file
from ..models.moving.maker import CampaignMaker


class Undone(Exception):
    """What was made for a preview is taken back."""


class MarketingCampaignImport(models.TransientModel):
    """Make drafts of a file of campaigns: first in a preview that says what does not fit, then for good."""

    _name = "marketing.campaign.import"
    _inherit = ["marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Automation: Import"

    file = fields.Binary(attachment=False, help="A file that “Export Campaigns” has made, here or in another database.")
    file_name = fields.Char()
    state = fields.Selection([("file", "File"), ("preview", "Preview")], default="file", readonly=True)
    made_count = fields.Integer(readonly=True)
    made_text = fields.Text(string="What Is Made", readonly=True)
    refused_text = fields.Text(string="What Cannot Be Imported", readonly=True)
    note_text = fields.Text(string="What Does Not Fit", readonly=True)
    line_ids = fields.One2many("marketing.campaign.import.line", "import_id", string="What Is Not Here")

    def action_preview(self):
        """Show what would be made of the file, and what does not fit. Nothing is kept of it.

        :return: the action that shows this dialog again
        :raise UserError: saying what is wrong with the file
        """
        self.ensure_one()
        self.env["marketing.campaign"].check_access("create")
        made = None
        try:
            with self.env.cr.savepoint():
                made = self._make({})
                summaries = [
                    self._summarize(part, draft)
                    for part, draft in made.campaigns
                    if isinstance(draft, models.BaseModel)
                ]
                raise Undone
        except Undone:
            self.env.invalidate_all()
        refused = [(part.name, draft) for part, draft in made.campaigns if not isinstance(draft, models.BaseModel)]
        self.line_ids.unlink()
        self.write(
            {
                "state": "preview",
                "made_count": len(summaries),
                "made_text": "\n".join(summaries),
                "refused_text": "\n".join(_("“%(name)s”: %(reason)s", name=n, reason=reason) for n, reason in refused),
                "note_text": "\n".join(made.notes),
                "line_ids": [
                    fields.Command.create({"key": str(key), "text": text, "model_name": model, "res_id": res_id})
                    for key, (text, model, res_id) in made.choices.items()
                ],
            }
        )
        return {
            "name": _("Import Campaigns"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_import(self):
        """Make the drafts that the preview shows, with what was chosen, and open them.

        :return: the action that opens them
        :raise UserError: where something is wrong: nothing is made
        """
        self.ensure_one()
        self.env["marketing.campaign"].check_access("create")
        made = self._make({line._get_key(): line.res_id for line in self.line_ids})
        drafts = [draft for _part, draft in made.campaigns if isinstance(draft, models.BaseModel)]
        # as the preview showed it: what was chosen since may not suit
        if not drafts or len(drafts) < self.made_count:
            reasons = [
                _("“%(name)s”: %(reason)s", name=part.name, reason=why)
                for part, why in made.campaigns
                if isinstance(why, str)
            ]
            raise UserError("\n".join(reasons))
        campaigns = self.env["marketing.campaign"].concat(*drafts)
        if len(campaigns) == 1:
            return campaigns.get_formview_action()
        return {
            "name": _("Imported Campaigns"),
            "type": "ir.actions.act_window",
            "res_model": campaigns._name,
            "domain": [("id", "in", campaigns.ids)],
            "views": [(False, "list"), (False, "form")],
        }

    def _make(self, choices):
        return CampaignMaker(self.env, self._read_file(), choices).make()

    def _read_file(self):
        """Return what the file says.

        :rtype: CampaignFile
        :raise UserError:
        """
        if not self.file:
            raise UserError(_("Choose a file first."))
        try:
            encoded = self.file
            # four characters for each three bytes: what is far too large is not decoded
            content = encoded[: 2 * MOST_BYTES] if len(encoded) > 2 * MOST_BYTES else base64.b64decode(encoded)
            return read_campaign_file(content)
        except binascii.Error as error:
            raise UserError(_("The file cannot be read: send it again.")) from error
        except CampaignFileError as error:
            raise UserError(str(error)) from error

    @api.model
    def _summarize(self, part, draft):
        """Return in words what a campaign of the file becomes."""
        return _(
            "“%(name)s” for “%(target)s”: %(steps)s step(s), %(messages)s message(s), %(actions)s server action(s)",
            name=draft.name,
            target=draft.model_id.sudo().name,
            steps=len(part.activities),
            messages=len(part.mailings),
            actions=len(draft.marketing_activity_ids.server_action_id),
        )


class MarketingCampaignImportLine(models.TransientModel):
    """A record that a file of campaigns names and that is not here: another one, or none."""

    _name = "marketing.campaign.import.line"
    _inherit = ["marketing.record.choice", "marketing.checked.mixin", "marketing.guard"]
    _description = "Marketing Automation: Import, What Is Not Here"

    import_id = fields.Many2one("marketing.campaign.import", required=True, ondelete="cascade")
    key = fields.Char(readonly=True)
    text = fields.Char(string="Not Here", readonly=True)
    model_name = fields.Char(readonly=True)
    model_id = fields.Many2one("ir.model", compute="_compute_model_id")
    res_id = fields.Many2oneReference(string="Record ID", model_field="model_name")
    resource_ref = fields.Reference(
        selection="_selection_model", string="Take Instead", help="Without one it is left empty in the draft."
    )

    @api.model
    def _selection_model(self):
        # sudo: every form tells which models there are; their records are chosen with the user's own rights
        return [(model.model, model.name) for model in self.env["ir.model"].sudo().search([("transient", "=", False)])]

    @api.depends("model_name")
    def _compute_model_id(self):
        for line in self:
            line.model_id = self.env["ir.model"]._get_id(line.model_name) if line.model_name in self.env else False

    def _get_key(self):
        return int(self.key) if (self.key or "").isdecimal() else self.key

    def _get_refusal(self, name):
        return _("“%s” is not what is missing: choose another record.", name)
