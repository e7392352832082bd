"""What a step of a campaign rests on in its template, and who changed it last."""

import re

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...engine.context import message_batch

# What is evaluated for each recipient, in the body and in a line of text, and what it reads of the record first
EXPRESSIONS = re.compile(r"""\bt-[a-z-]+="([^"]*)"|\{\{(.*?)\}\}""", re.S)
PLACEHOLDER = re.compile(r"(?<![\w.])object\.([A-Za-z_]\w*)")


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    marketing_editor_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        engine_only=True,
        ondelete="set null",
        help="Who changed last what the recipients read.",
    )
    marketing_edit_date = fields.Datetime(readonly=True, copy=False, engine_only=True)

    # ------------------------------------------------------------
    # What cannot change
    # ------------------------------------------------------------

    @api.constrains("mailing_model_id", "mailing_type", "use_in_marketing_automation")
    def _check_marketing_template_suits(self):
        """Keep a template what its activities, and the steps that run, need it to be."""
        activities = self.env["marketing.activity"].sudo()
        types = activities._get_types()
        for mailing in self:
            for activity in mailing._get_marketing_users():
                expected = types[activity.activity_type].mailing_type or mailing.mailing_type
                if (
                    not mailing.use_in_marketing_automation
                    or mailing.mailing_model_real != activity.campaign_id._get_target()
                    or mailing.mailing_type != expected
                ):
                    raise ValidationError(
                        _(
                            "“%(template)s” is the template of the activity “%(activity)s” of the campaign "
                            "“%(campaign)s”: its recipients and its type cannot change. Duplicate it for another use.",
                            template=mailing.display_name,
                            activity=activity.name,
                            campaign=activity.campaign_id.name,
                        )
                    )

    def _get_marketing_users(self):
        """Return the activities that have this template, or execute it until the next Update, as superuser."""
        self.ensure_one()
        activities = self.env["marketing.activity"].sudo().with_context(active_test=False)
        campaign = self.sudo().marketing_campaign_id
        if not campaign:
            return activities
        running = campaign if campaign.state == "running" and campaign.workflow else campaign.browse()
        executed = [step_id for step_id, mailing_id in running._get_running_mailings() if mailing_id == self.id]
        return activities.search(["|", ("mass_mailing_id", "=", self.id), ("id", "in", executed)])

    def _check_marketing_state(self, vals):
        """Leave the state of the templates of campaigns to the engine.

        :param dict vals: that are about to be written
        """
        if "state" in vals and not self.env.su and not message_batch(self.env):
            for mailing in self:
                if mailing.state != vals["state"] and mailing._get_marketing_users():
                    mailing._check_not_marketing_template()

    def _note_marketing_editor(self, vals):
        """Keep who changed what the templates of campaigns say, and when.

        :param dict vals: that were written
        """
        if {*self._get_marketing_text_fields(), "attachment_ids"} & set(vals):
            templates = self.sudo().filtered(lambda mailing: mailing.marketing_campaign_id)
            if templates:
                templates.write({"marketing_editor_id": self.env.uid, "marketing_edit_date": fields.Datetime.now()})

    # ------------------------------------------------------------
    # What can change
    # ------------------------------------------------------------

    @api.model
    def _get_marketing_text_fields(self):
        """Return the names of the fields that are rendered for each recipient; stored columns of this table.

        Who changes them speaks to the recipients with the rights of the campaign's user.

        :rtype: list[str]
        """
        return ["subject", "preview", "body_html", "email_from", "reply_to"]

    @api.model
    def _get_marketing_setting_fields(self):
        """Return the names of the fields that decide who gets the message, and by which server; stored columns.

        :rtype: list[str]
        """
        return ["use_exclusion_list", "mail_server_id"]

    @api.private
    def _get_marketing_rests(self):
        """Return what steps rest on in these templates: by one query, without reading their texts.

        :return: by id, ``model`` of the recipients, ``type``, a digest of the ``text``, ``settings``, and the
            ``files``: name and checksum by id
        :rtype: dict[int, dict]
        """
        text, settings = self._get_marketing_text_fields(), self._get_marketing_setting_fields()
        self.flush_model([*text, *settings, "mailing_model_id", "mailing_type", "attachment_ids"])
        self.env["ir.attachment"].flush_model(["name", "checksum", "url"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.id, model.model, m.mailing_type,
                       encode(sha256(convert_to(jsonb_build_array(%s)::text, 'UTF8')), 'hex'), jsonb_build_array(%s),
                       (SELECT jsonb_object_agg(a.id, jsonb_build_array(a.name, a.checksum, a.url))
                          FROM mass_mailing_ir_attachments_rel r JOIN ir_attachment a ON a.id = r.attachment_id
                         WHERE r.mass_mailing_id = m.id)
                  FROM mailing_mailing m JOIN ir_model model ON model.id = m.mailing_model_id
                 WHERE m.id = ANY(%s)
                """,
                SQL(", ").join(SQL.identifier("m", name) for name in text),
                SQL(", ").join(SQL.identifier("m", name) for name in settings),
                self.ids,
            )
        )
        return {
            mailing_id: {
                "model": "mailing.contact" if model == "mailing.list" else model,  # as mailing_model_real says
                "type": mailing_type,
                "text": digest,
                "settings": values,
                "files": files or {},
            }
            for mailing_id, model, mailing_type, digest, values, files in rows
        }

    def _get_missing_placeholders(self):
        """Return the names that the text reads of each record, and that its model does not have: fields that are gone.

        :rtype: list[str]
        """
        self.ensure_one()
        model = self.env.get(self.mailing_model_real)
        if model is None:
            return []
        texts = [self[fname] or "" for fname in self._get_marketing_text_fields()]
        expressions = [line or text for content in texts for line, text in EXPRESSIONS.findall(content)]
        names = {name for expression in expressions for name in PLACEHOLDER.findall(expression)}
        return sorted(name for name in names if not hasattr(model, name))

    def _get_marketing_editor(self):
        """Return who changed last what the recipients read, archived or not."""
        self.ensure_one()
        mailing = self.sudo()
        return mailing.marketing_editor_id or mailing.write_uid
