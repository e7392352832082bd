"""Campaign templates: ready drafts to begin with, each described in one place.

A companion addon adds its own by extending :meth:`MarketingCampaign._get_campaign_templates`,
their server actions by :meth:`MarketingCampaign._get_template_actions`, and what a type of
activity of its own needs by a method ``_prepare_template_<type>(campaign, values)``.
"""

from markupsafe import Markup

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import clean_context

from ..guards.marketing_checked_mixin import shorten
from ..mailing.mailing_mailing import CONFIRMED_PATH

# Where the records that templates make once are known by name. No addon bears this name, so an
# uninstall deletes none of them: a list of who consented outlives the app.
NAMESPACE = "__marketing_automation_templates__"

# The address that was mailed: the record's may be another by now. With Odoo's means alone: it outlives this addon.
BLOCKLIST_CODE = """\
domain = [('model', '=', record._name), ('res_id', '=', record.id)]
domain += [('failure_type', '=', 'mail_bounce'), ('email', '!=', False)]
bounced = env['mailing.trace'].search(domain, order='id desc', limit=1)
env['mail.blacklist']._add(bounced.email or record.email)
"""


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    # ------------------------------------------------------------
    # What there is
    # ------------------------------------------------------------

    @api.model
    def _get_campaign_templates(self):
        """Return the campaign templates by key.

        Each is a dict of:

        - ``name``, ``summary``, ``icon`` (of Font Awesome), ``sequence``: the card
        - ``model``: name of the target model
        - ``campaign``: optional, values of the campaign, or a function that returns them when
          a campaign is made (it may make the records that they need)
        - ``entries``: optional, values of marketing.entry; by default whoever matches the filter enters
        - ``activities``: dicts of ``key``, ``parent`` (the key of another, before it), and values
          of marketing.activity; by its type also

          - ``mailing``: values of the email's template; ``body`` is the xmlid of a QWeb template,
            rendered with ``placeholder(path)``, ``website`` and ``company``
          - ``action``: key of a server action of :meth:`_get_template_actions`

        :rtype: dict[str, dict]
        """
        return {
            "hot_contacts": {
                "name": _("Tag Hot Contacts"),
                "summary": _("Send a welcome email to contacts and tag them if they click it."),
                "icon": "fa-tag",
                "sequence": 10,
                "model": "res.partner",
                "activities": [
                    {
                        "key": "welcome",
                        "name": _("Welcome"),
                        "activity_type": "email",
                        "mailing": {
                            "subject": _("Welcome, {{ object.name }}!"),
                            "preview": _("Three ideas to begin with"),
                            "body": "marketing_automation.template_email_welcome",
                        },
                    },
                    {
                        "key": "tag",
                        "parent": "welcome",
                        "name": _("Tag as Hot"),
                        "trigger_type": "mail_click",
                        "activity_type": "action",
                        "action": "tag_hot",
                    },
                ],
            },
            "welcome": {
                "name": _("Welcome Flow"),
                "summary": _("Send a welcome email to new subscribers, remove the address that bounced."),
                "icon": "fa-hand-peace-o",
                "sequence": 20,
                "model": "mailing.contact",
                "campaign": lambda: {"domain": repr([("list_ids", "in", self._get_template_newsletter().ids)])},
                "activities": [
                    {
                        "key": "welcome",
                        "name": _("Welcome"),
                        "activity_type": "email",
                        "mailing": {
                            "subject": _("Thank you for joining us"),
                            "preview": _("What you will get from us, and how often"),
                            "body": "marketing_automation.template_email_subscriber",
                        },
                    },
                    {
                        "key": "bounced",
                        "parent": "welcome",
                        "name": _("Blocklist the address"),
                        "trigger_type": "mail_bounce",
                        "bounce_type": "hard",
                        "activity_type": "action",
                        "action": "blocklist_bounced",
                    },
                ],
            },
            "double_optin": {
                "name": _("Double Opt-in"),
                "summary": _("Send an email to new recipients to confirm their consent."),
                "icon": "fa-check-square",
                "sequence": 30,
                "model": "mailing.contact",
                "campaign": lambda: {
                    "domain": repr(
                        [
                            ("email", "!=", False),
                            ("is_blacklisted", "=", False),
                            ("list_ids", "in", self._get_template_newsletter().ids),
                        ]
                    )
                },
                "activities": [
                    {
                        "key": "confirmation",
                        "name": _("Ask for confirmation"),
                        "activity_type": "email",
                        "mailing": {
                            "subject": _("Please confirm your subscription"),
                            "preview": _("One click, and you are in"),
                            "body": "marketing_automation.template_email_confirmation",
                            "marketing_confirm_click": True,
                            "marketing_confirm_url": CONFIRMED_PATH,
                        },
                    },
                    {
                        "key": "confirmed",
                        "parent": "confirmation",
                        "name": _("Add to Confirmed contacts"),
                        "trigger_type": "mail_click",
                        "activity_type": "action",
                        "action": "confirm_subscription",
                    },
                ],
            },
            "prospection": {
                "name": _("Commercial prospection"),
                "summary": _("Send a free catalog and follow-up according to reactions."),
                "icon": "fa-search",
                "sequence": 40,
                "model": "res.partner",
                "activities": [
                    {
                        "key": "catalogue",
                        "name": _("Free catalog"),
                        "activity_type": "email",
                        "mailing": {
                            "subject": _("Our new catalog is free for you"),
                            "preview": _("Have a look, it takes two minutes"),
                            "body": "marketing_automation.template_email_catalogue",
                        },
                    },
                    {
                        "key": "call",
                        "parent": "catalogue",
                        "name": _("Call"),
                        "trigger_type": "mail_click",
                        "interval_number": 1,
                        "interval_type": "days",
                        "activity_type": "action",
                        "action": "call",
                    },
                    {
                        "key": "reminder",
                        "parent": "catalogue",
                        "name": _("Reminder"),
                        "trigger_type": "mail_not_open",
                        "interval_number": 3,
                        "interval_type": "days",
                        "activity_type": "email",
                        "mailing": {
                            "subject": _("Did you see our catalog?"),
                            "preview": _("It is still here for you"),
                            "body": "marketing_automation.template_email_reminder",
                        },
                    },
                    {
                        "key": "reply",
                        "parent": "catalogue",
                        "name": _("Answer the reply"),
                        "trigger_type": "mail_reply",
                        "activity_type": "action",
                        "action": "answer",
                    },
                ],
            },
        }

    @api.model
    def _get_template_actions(self):
        """Return functions that give the values of the templates' server actions, by key.

        They are made once. Unchanged they run as this addon's own code, on the participant's
        record alone, so that who runs the campaign needs no right of their own to what they do.

        :rtype: dict[str, callable]
        """
        return {
            "tag_hot": lambda: {
                "name": _("Add the tag Hot"),
                "model": "res.partner",
                "state": "object_write",
                "update_path": "category_id",
                "update_m2m_operation": "add",
                "evaluation_type": "value",
                "resource_ref": f"res.partner.category,{self._get_template_tag_hot().id}",
            },
            "blocklist_bounced": lambda: {
                "name": self.env._("Blocklist the address that bounced"),
                "model": "mailing.contact",
                "state": "code",
                "code": BLOCKLIST_CODE,
            },
            # of the campaigns that were made by 19.0.1.0.1
            "blocklist": lambda: {
                "name": self.env._("Blocklist the address"),
                "model": "mailing.contact",
                "state": "code",
                "code": "env['mail.blacklist']._add(record.email)",
                "help": self.env._("Put the email address on the blocklist"),
            },
            "confirm_subscription": lambda: {
                "name": _("Add to Confirmed contacts"),
                "model": "mailing.contact",
                "state": "code",
                "code": self._get_template_subscribe_code(self._get_template_confirmed_list()),
                "help": _("Subscribe to the mailing list “Confirmed contacts”"),
            },
            "call": lambda: self._get_template_todo("mail.mail_activity_data_call", _("Talk about the catalog")),
            "answer": lambda: self._get_template_todo("mail.mail_activity_data_todo", _("Answer the reply")),
        }

    def _get_template_subscribe_code(self, mailing_list):
        """Return the code that subscribes a mailing contact to a list; who had opted out of it is in again.

        With Odoo's means alone: the action outlives this addon.
        """
        return (
            f"values = {{'contact_id': record.id, 'list_id': {mailing_list.id}}}\n"
            "domain = [(name, '=', value) for name, value in values.items()]\n"
            "subscription = env['mailing.subscription'].search(domain)\n"
            "if subscription:\n    subscription.write({'opt_out': False})\nelse:\n    subscription.create(values)"
        )

    def _get_template_todo(self, type_xmlid, summary, model="res.partner"):
        """Return the values of a server action that plans an activity for a record's salesperson."""
        return {
            "name": summary,
            "model": model,
            "state": "next_activity",
            "activity_type_id": self.env.ref(type_xmlid).id,
            "activity_summary": summary,
            "activity_user_type": "generic",
            "activity_user_field_name": "user_id",
        }

    def _get_template_newsletter(self):
        values = {"name": _("Newsletter"), "is_public": True}
        return self.env.ref("mass_mailing.mailing_list_data", raise_if_not_found=False) or self._get_template_record(
            "newsletter", "mailing.list", values
        )

    def _get_template_tag_hot(self):
        return self._get_template_record("tag_hot", "res.partner.category", {"name": _("Hot")})

    def _get_template_confirmed_list(self):
        return self._get_template_record("confirmed", "mailing.list", {"name": _("Confirmed contacts")})

    @api.model
    def _get_template_record(self, name, model, values):
        """Return the record that templates know by a name; it is made where there is none.

        :param str name: under which it is found again, whatever users have renamed it to
        :param str model:
        :param dict values: of a new one
        """
        record = self.env.ref(f"{NAMESPACE}.{name}", raise_if_not_found=False)
        if not record:
            record = self.env[model].sudo().with_context(clean_context(self.env.context)).create(values)
            self.env["ir.model.data"].sudo()._update_xmlids(
                [{"xml_id": f"{NAMESPACE}.{name}", "record": record, "noupdate": True}]
            )
        return record.with_env(self.env)

    # ------------------------------------------------------------
    # Cards, and what they make
    # ------------------------------------------------------------

    @api.model
    def get_campaign_templates(self):
        """Return what the cards of the templates show, in their order: those whose target the user may read.

        :rtype: list[dict]
        """
        self.check_access("create")
        templates = sorted(self._get_campaign_templates().items(), key=lambda item: item[1]["sequence"])
        return [
            {"key": key, **{name: template[name] for name in ("name", "summary", "icon")}}
            for key, template in templates
            if template["model"] in self.env and self.env[template["model"]].has_access("read")
        ]

    @api.model
    def create_from_template(self, key):
        """Make a draft campaign from a template, ready to be looked at and started.

        :param str key: of the template
        :return: the action that opens the campaign
        :rtype: dict
        :raise UserError: where there is no such template
        """
        template = self._get_campaign_templates().get(key) if isinstance(key, str) else None
        if not template:
            raise UserError(_("There is no campaign template “%s”.", shorten(key)))
        self.check_access("create")
        values = template.get("campaign", {})
        values = dict(values() if callable(values) else values)
        if "entries" in template:
            values["entry_ids"] = [Command.create(entry) for entry in template["entries"]]
        campaign = self.create(
            {"name": template["name"], "model_id": self.env["ir.model"]._get(template["model"]).id, **values}
        )
        activities = {}
        for position, draft in enumerate(template["activities"], start=1):
            values = dict(draft)
            parent = values.pop("parent", None)
            defaults = {
                "campaign_id": campaign.id,
                "sequence": position * 10,
                "parent_id": activities[parent].id if parent else False,
                "trigger_type": "activity" if parent else "begin",
            }
            prepare = getattr(self, f"_prepare_template_{values['activity_type']}")
            activity_key = values.pop("key")
            values = {**defaults, **prepare(campaign, values)}
            activities[activity_key] = self.env["marketing.activity"].create(values)
        return campaign.get_formview_action()

    @api.model
    def _prepare_template_email(self, campaign, values):
        """Make the mailing of an email activity.

        :param dict values: of the activity, as the campaign template gives them
        :return: values of marketing.activity
        :rtype: dict
        """
        mailing_values = {"email_from": self._get_template_sender(), **values.pop("mailing")}
        body = self._render_template_body(mailing_values.pop("body"))
        mailing = self.env["mailing.mailing"].create(
            {
                "use_in_marketing_automation": True,
                "mailing_model_id": campaign.model_id.id,
                "mailing_type": "mail",
                "body_arch": body,
                "body_html": body,
                **mailing_values,
            }
        )
        return {**values, "mass_mailing_id": mailing.id}

    @api.model
    def _get_template_sender(self):
        """Return the address from which the emails of a new campaign come: the user's, else the company's.

        :raise UserError: where there is none
        """
        sender = (
            self.env.user.email_formatted
            or self.env.company.email_formatted
            or self.env["ir.mail_server"]._get_default_from_address()
        )
        if not sender:
            raise UserError(
                _("Emails need a sender: set your email address in your preferences, or that of your company.")
            )
        return sender

    @api.model
    def _render_template_body(self, xmlid):
        """Return the body of a template's email in the user's language."""
        company = self.env.company
        return self.env["ir.qweb"]._render(
            xmlid,
            {
                "placeholder": self._get_placeholder,
                "company": company,
                "website": company.website or self.get_base_url(),
                "confirmed": CONFIRMED_PATH,
            },
        )

    @api.model
    def _get_placeholder(self, path):
        """Return the dynamic placeholder of a field, as the editor of mailings writes it."""
        return Markup('<t t-out="{}"/>').format(path)

    @api.model
    def _prepare_template_action(self, campaign, values):
        """Find or make the server action of an activity; see :meth:`_prepare_template_email`."""
        action = self.env["ir.actions.server"]._get_marketing_shipped(values.pop("action"))
        return {**values, "server_action_id": action.id}
