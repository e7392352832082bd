"""What Odoo needs before a first campaign: a checklist, with a button each for who may set it."""

from odoo import _, api, models
from odoo.tools import config

SHOWN = 3  # administrators who are named


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    @api.model
    def get_setup(self):
        """Return what a first campaign needs of Odoo's settings, and who can set it.

        :return: ``items`` (each with its ``key``, ``label``, whether it ``is_done``, what it is for in ``help``, and
            the ``action`` that sets it, for administrators), ``is_done`` (all of it), ``contacts`` (whom others ask)
        :rtype: dict
        """
        self.check_access("read")
        is_administrator = self.env.user.has_group("base.group_system")
        items = self._get_setup_items()
        for item in items:
            if not is_administrator:
                item["action"] = False
        return {
            "items": items,
            "is_done": all(item["is_done"] for item in items),
            "is_administrator": is_administrator,
            "contacts": "" if is_administrator else self._get_setup_contacts(),
        }

    @api.model
    def _get_setup_items(self):
        """Return the items of the checklist; a companion addon adds what its messages need."""
        alias_domain = self.env.company.sudo().alias_domain_id
        users = self.env.ref("marketing_automation.group_marketing_automation_user").sudo().all_user_ids
        people = users.filtered(lambda user: user.active and not user._is_superuser() and not user._is_admin())
        return [
            {
                "key": "mail_server",
                "label": _("Outgoing mail server"),
                "is_done": self._has_mail_server(),
                "help": _("Through which emails leave."),
                "action": "base.action_ir_mail_server_list",
            },
            {
                "key": "alias_domain",
                "label": _("Alias domain"),
                "is_done": bool(alias_domain.bounce_email and alias_domain.catchall_email),
                "help": _("Tells which message a reply or a bounce belongs to."),
                "action": "mail.mail_alias_domain_action",
            },
            {
                "key": "users",
                "label": _("Users of Marketing Automation"),
                "is_done": bool(people),
                "help": _("Who may make campaigns: the group Marketing Automation / User."),
                "action": "base.action_res_users",
            },
        ]

    @api.model
    def _has_mail_server(self):
        """Tell whether emails have a way out, as far as it can be known."""
        if config["smtp_server"] not in (False, "localhost"):
            return True
        return bool(self.env["ir.mail_server"].sudo().search_count([], limit=1))

    @api.model
    def _get_setup_contacts(self):
        """Return the names of those who may change Odoo's settings."""
        administrators = self.env.ref("base.group_system").sudo().all_user_ids
        people = administrators.filtered(lambda user: user.active and not user._is_superuser())
        return ", ".join(people[:SHOWN].mapped("name"))
