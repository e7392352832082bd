from odoo import _, api, models
from odoo.exceptions import UserError

# What of a file is sent, or decides who may read it
CONTENT = {"raw", "datas", "db_datas", "store_fname", "url", "type", "name", "mimetype"}
OWNER = {"res_model", "res_id", "res_field"}


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _copy_for_mailing(self, mailing):
        """Copy these files for a mailing, which owns the copies."""
        return self.browse([file.copy({"res_model": mailing._name, "res_id": mailing.id}).id for file in self])

    def _is_owned_by(self, record):
        return self.res_model == record._name and self.res_id == record.id

    def write(self, vals):
        if CONTENT & set(vals):
            self._check_no_campaign_sends_it()
        elif owner := OWNER & set(vals):
            # the file of a template goes with its owner; a new one has none until its template takes it
            self.filtered(
                lambda file: file.res_id and any((file[name] or False) != (vals[name] or False) for name in owner)
            )._check_no_campaign_sends_it()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_a_campaign_sends_it(self):
        self._check_no_campaign_sends_it()

    def _check_no_campaign_sends_it(self):
        """Refuse to change or delete what a campaign sends that runs: its template is the place for that.

        The files of any template are left to those who may write its campaign.

        :raise UserError:
        :raise AccessError:
        """
        # nothing is asked for files that no mailing can send: those of fields, and of other records
        files = self.sudo().filtered(lambda file: not file.res_field and file.res_model in (False, "mailing.mailing"))
        if not files:
            return
        mailings = self.env["mailing.mailing"].sudo().with_context(active_test=False)
        owners = mailings.browse({file.res_id for file in files if file.res_model and file.res_id})
        domain = ["|", ("id", "in", owners.ids), ("attachment_ids", "in", files.ids)]
        templates = mailings.search([("marketing_campaign_id", "!=", False), *domain])
        templates.with_env(self.env)._check_marketing_campaign_access()
        for template in templates.filtered(lambda template: template.marketing_campaign_id.state == "running"):
            for file in files & (template.attachment_ids | template._get_image_attachments()):
                raise UserError(
                    _(
                        "“%(file)s” is sent by the campaign “%(campaign)s”, which runs, with “%(template)s”. "
                        "Take it out of that template instead.",
                        file=file.name,
                        campaign=template.marketing_campaign_id.name,
                        template=template.display_name,
                    )
                )
