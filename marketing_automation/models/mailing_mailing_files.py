"""The files of a campaign's template: its attachments, and the images that its text shows.

Odoo makes a mailing the owner of whatever is attached to it, and deletes what it owns when it is deleted. A copy that
shared the files of a template would so take them away from it. So a template has files of its own. Their content is
kept once all the same: Odoo's filestore knows it by its checksum.
"""

import re

from odoo import _, api, models
from odoo.exceptions import UserError

FILE_URL = re.compile(r"(/web/(?:image|content)/)(\d+)\b")
BODIES = ("body_arch", "body_html")
# What of a file is sent, or decides who may read it
CONTENT = {"raw", "datas", "db_datas", "store_fname", "url", "type", "name", "mimetype"}
OWNER = {"res_model", "res_id", "res_field"}


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def copy(self, default=None):
        copies = super().copy(default)
        for mailing, copied in zip(self, copies, strict=True):
            if mailing.use_in_marketing_automation:
                if "attachment_ids" not in (default or {}):
                    copied.attachment_ids = mailing.attachment_ids.sudo()._copy_for_mailing(copied)
                copied._own_images(mailing)
        return copies

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for mailing, vals in zip(self, vals_list, strict=True):
            if mailing.use_in_marketing_automation and "attachment_ids" not in (default or {}):
                vals.pop("attachment_ids", None)  # copied once the copy exists to own them
        return vals_list

    def _own_files(self):
        """Give these mailings copies of the files that they share with others.

        Who could attach a file to a mailing may read it, so that superuser rights reveal nothing.
        """
        for mailing in self:
            attachments = mailing.sudo().attachment_ids
            # Odoo makes each mailing that is written the owner: what others are attached to is shared, too
            others = (
                self.sudo()
                .with_context(active_test=False)
                .search([("attachment_ids", "in", attachments.ids), ("id", "!=", mailing.id)])
                if attachments
                else self.browse()
            )
            shared = others.attachment_ids & attachments
            shared |= attachments.filtered(lambda file, mailing=mailing: not file._is_owned_by(mailing))
            if shared:
                mailing.sudo().attachment_ids = (attachments - shared) | shared._copy_for_mailing(mailing)
            owner_ids = {
                file.res_id for file in mailing._get_image_attachments() if file.res_model == self._name and file.res_id
            }
            for owner in self.browse(sorted(owner_ids - {mailing.id})).exists():
                # an id in a text proves nothing: the images of what the user may read
                if owner.has_access("read"):
                    mailing._own_images(owner)

    def _own_images(self, owner):
        """Have the text of this mailing show copies of the images that another mailing owns."""
        self.ensure_one()
        images = self._get_image_attachments().filtered(lambda file: file._is_owned_by(owner))
        copies = {image.id: image._copy_for_mailing(self).id for image in images}
        if not copies:
            return

        def replace(match):
            return f"{match[1]}{copies.get(int(match[2]), match[2])}"

        # with the rights of the superuser: whoever made this mailing gets the text of one that they may read
        self.sudo().write({fname: FILE_URL.sub(replace, self[fname]) for fname in BODIES if self[fname]})

    def _get_image_attachments(self):
        """Return the files that the text of this mailing links to, as superuser; see :meth:`_own_images`."""
        ids = {int(match[2]) for fname in BODIES for match in FILE_URL.finditer(self[fname] or "")}
        files = self.env["ir.attachment"].sudo()
        return files.browse(sorted(file_id for file_id in ids if file_id < 2**31)).exists() if ids else files


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
