"""The files of a campaign's template: its attachments, and the images that its text shows.

Odoo makes a mailing the owner of whatever is attached to it, and deletes what it owns when it is deleted. A copy that
shared the files of a template would so take them away from it. So a template has files of its own. Their content is
kept once all the same: Odoo's filestore knows it by its checksum.
"""

import re

from odoo import models

FILE_URL = re.compile(r"(/web/(?:image|content)/)(\d+)\b")
BODIES = ("body_arch", "body_html")


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
