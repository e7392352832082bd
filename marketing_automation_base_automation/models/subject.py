"""The one product, event or survey that an event is about, if only that counts."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    event_record_model = fields.Char(string="Model of What It Is About", compute="_compute_event_record_model")
    event_record_id = fields.Many2oneReference(
        string="What It Is About", model_field="event_record_model", help="Leave it empty where any will do."
    )

    @api.depends("event_kind")
    def _compute_event_record_model(self):
        kinds = self._get_kinds()
        for entry in self:
            kind = kinds.get(entry.event_kind)
            entry.event_record_model = kind.subject if kind and kind.subject in self.env else False

    @api.constrains("event_record_id", "event_kind")
    def _check_event_record_id(self):
        """Nobody is told the name of a record that they may not read."""
        for entry in self.filtered("event_record_id"):
            model = self.env.get(entry.event_record_model)
            if model is None:
                continue
            record = model.sudo(False).browse(entry.event_record_id).exists()
            if not record or not record.has_access("read"):
                name = self.env["ir.model"].sudo()._get(model._name).name
                raise ValidationError(_("Choose a “%s” that is there and that you may read.", name))

    @api.model
    def _find_subject_problems(self, settings, env):
        """Return in words, as a list, what is wrong with the record that is chosen, as a user sees it.

        :param env: of that user
        """
        kind = self._get_kinds()[settings["kind"]]
        if not settings.get("record"):
            return []
        record = env[kind.subject].browse(settings["record"])
        name = self.env["ir.model"].sudo()._get(kind.subject).name
        if not record.exists():
            return [_("The “%s” of its event was deleted: choose another one.", name)]
        if not record.has_access("read"):
            return [_("%(user)s may not read the “%(model)s” of its event.", user=env.user.name, model=name)]
        return []

    @api.model
    def _get_subject_name(self, settings):
        """Return what the chosen record is called, or an empty text. Whoever chose it could read it."""
        kind = self._get_kinds().get(settings.get("kind"))
        if not settings.get("record") or not kind or kind.subject not in self.env:
            return ""
        return self.env[kind.subject].sudo().browse(settings["record"]).exists().display_name or ""
