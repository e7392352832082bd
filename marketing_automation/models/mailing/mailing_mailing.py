from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

from lxml import html

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.mail import is_html_empty, validate_url

from ...engine.context import message_batch

NOBODY = repr([("id", "in", [])])
CONFIRMED_PATH = "/marketing_automation/confirmed"


def _comparable(address):
    return validate_url(address).rstrip("/") if not address.startswith("/") else address.rstrip("/")


class MailingMailing(models.Model):
    """A mailing that is the template of an activity.

    It reaches nobody by itself: its recipients are those whom the engine names. Two guards
    hold: the recipients' domain is overridden, and the stored one matches nobody either,
    since the override goes with an uninstall and Odoo takes an empty domain for everybody.
    """

    _name = "mailing.mailing"
    _inherit = ["mailing.mailing", "marketing.engine.fields"]

    use_in_marketing_automation = fields.Boolean(
        string="Marketing Automation Template",
        index="btree_not_null",
        help="Whether this is the template of a campaign's activity: no mailing to send by hand.",
    )
    marketing_confirm_click = fields.Boolean(
        string="Count Only Confirmed Clicks",
        help=(
            "For a consent that must hold as proof: only a click on the confirmation link counts, once the person has "
            "confirmed it on a small page. Mail scanners open every link, but confirm nothing."
        ),
    )
    marketing_confirm_url = fields.Char(
        string="Confirmation Link",
        default=CONFIRMED_PATH,
        help="The address of the button that confirms. A click on any other link of the message confirms nothing. "
        "“/marketing_automation/confirmed” is a page that says thank you; the address may be one of your own website.",
    )
    marketing_campaign_id = fields.Many2one(
        "marketing.campaign",
        copy=False,
        readonly=True,
        engine_only=True,
        index="btree_not_null",
        ondelete="set null",
    )

    @api.constrains("use_in_marketing_automation", "mailing_domain")
    def _check_marketing_template_reaches_nobody(self):
        if any(mailing.use_in_marketing_automation and mailing.mailing_domain != NOBODY for mailing in self):
            raise ValidationError(_("The recipients of a campaign's template are its participants, not a filter."))

    @api.constrains("use_in_marketing_automation", "subject", "marketing_campaign_id")
    def _check_marketing_template_subject(self):
        for mailing in self.filtered("use_in_marketing_automation"):
            if not (mailing.subject or "").strip():
                raise ValidationError(_("A template needs a title."))
            campaign = mailing.marketing_campaign_id
            same = [("marketing_campaign_id", "=", campaign.id), ("subject", "=", mailing.subject)]
            if campaign and self.search_count([*same, ("id", "!=", mailing.id)], limit=1):
                raise ValidationError(
                    _(
                        "The campaign “%(campaign)s” has a template with the title “%(subject)s” already.",
                        campaign=campaign.sudo().display_name,
                        subject=mailing.subject,
                    )
                )

    def _get_free_title(self, campaign):
        """Return the title of a copy of this template in a campaign: its own, where no other there has that.

        :rtype: str
        """
        title = self.subject
        while self.search_count([("marketing_campaign_id", "=", campaign.id), ("subject", "=", title)], limit=1):
            title = _("%s (copy)", title)
        return title

    @api.constrains("marketing_confirm_click", "mailing_type")
    def _check_marketing_confirm_click(self):
        for mailing in self:
            if mailing.marketing_confirm_click and mailing.mailing_type != "mail":
                raise ValidationError(
                    _("“%s” is not an email: a click in it cannot be confirmed on a page.", mailing.display_name)
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_template_in_use(self):
        activity = self.env["marketing.activity"].sudo().with_context(active_test=False)
        activity._delete_discarded([("mass_mailing_id", "in", self.ids)])
        running = self.sudo().marketing_campaign_id.filtered(
            lambda campaign: campaign.state == "running" and campaign.workflow
        )
        executed = {
            step_id: mailing_id for step_id, mailing_id in running._get_running_mailings() if mailing_id in self.ids
        }
        user = activity.search(["|", ("mass_mailing_id", "in", self.ids), ("id", "in", list(executed))], limit=1)
        if user:
            template = self.browse(executed.get(user.id)) or user.mass_mailing_id
            raise UserError(
                _(
                    "“%(template)s” is the template of the activity “%(activity)s” of the campaign “%(campaign)s”: "
                    "remove that activity first, or give it another template.",
                    template=template.display_name,
                    activity=user.display_name,
                    campaign=user.campaign_id.display_name,  # not its name: it may be of another company
                )
            )

    @api.depends("use_in_marketing_automation")
    def _compute_mailing_domain(self):
        templates = self.filtered("use_in_marketing_automation")
        templates.mailing_domain = NOBODY
        return super(MailingMailing, self - templates)._compute_mailing_domain()

    @api.model_create_multi
    def create(self, vals_list):
        by_default = self.env.context.get("default_use_in_marketing_automation")
        for vals in vals_list:
            if vals.get("use_in_marketing_automation", by_default):
                vals["mailing_domain"] = NOBODY
                self._tidy_marketing_texts(vals)
                if not vals.get("name") and not vals.get("source_id"):
                    vals["name"] = self.env["utm.source"]._get_marketing_name(vals.get("subject"))
        has_sources = any("source_id" in vals for vals in vals_list)  # Odoo adds new ones
        mailings = super().create(vals_list)
        if has_sources:
            mailings._check_marketing_source()
        return mailings

    def write(self, vals):
        self._check_marketing_state(vals)
        if vals.get("state") == "done" and message_batch(self.env):
            # What Odoo writes after each sending: once is enough, this row is every batch's,
            # and the statistics that it mails a day later mean nothing for a template.
            if all(mailing.state == "done" for mailing in self):
                return True
            vals = dict(vals, kpi_mail_required=False)
        self._check_marketing_campaign_access()
        if any(mailing.use_in_marketing_automation for mailing in self):
            vals = dict(vals)
            self._tidy_marketing_texts(vals)
        if vals.get("subject") and not vals.get("name") and len(self) == 1 and self.use_in_marketing_automation:
            vals = dict(vals, name=self.env["utm.source"]._get_marketing_name(vals["subject"]))
        res = super().write(vals)
        if "source_id" in vals:
            self._check_marketing_source()
        self._note_marketing_editor(vals)
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_if_campaign_may_be_written(self):
        self._check_marketing_campaign_access()

    def _check_marketing_campaign_access(self):
        """Leave the templates of a campaign to those who may write the campaign.

        :raise AccessError:
        """
        if self.env.su:
            return
        campaigns = self.sudo().marketing_campaign_id
        if campaigns:  # whoever may do nothing with campaigns has mailings too
            campaigns.sudo(False).check_access("write")

    def _check_marketing_source(self):
        """Leave the source of a campaign's template to it: Odoo finds the links of a mailing by it.

        :raise AccessError: for another mailing that takes it
        """
        if self.env.su:
            return
        same = self.sudo().search([("source_id", "in", self.source_id.ids), ("id", "not in", self.ids)])
        same.sudo(False)._check_marketing_campaign_access()

    def _is_confirm_address(self, url):
        """Tell whether a link of this message is the one that confirms.

        :param str url: where it leads, absolute
        """
        if not self.marketing_confirm_click:
            return False
        address = (self.marketing_confirm_url or "").strip() or CONFIRMED_PATH
        if not address.startswith("/"):
            return _comparable(url) == _comparable(address)
        # of this Odoo, whatever its own address was when the message was written
        with suppress(ValueError):
            parts = urlsplit(url)
            return _comparable(urlunsplit(parts._replace(scheme="", netloc=""))) == _comparable(address)
        return False

    def _get_confirm_errors(self):
        """Return in words what keeps this message from asking for a confirmation that it is to ask for.

        :rtype: list[str]
        """
        if not self.marketing_confirm_click or any(map(self._is_confirm_address, self._get_link_addresses())):
            return []
        return [
            _(
                "“%(template)s” asks for a confirmation, but has no link to “%(address)s”: have its button lead there, "
                "or enter where it leads as “Confirmation Link” in the settings of the template.",
                template=self.display_name,
                address=self.marketing_confirm_url or CONFIRMED_PATH,
            )
        ]

    def _get_link_addresses(self):
        """Return where the links of the body lead, as Odoo would track them.

        :rtype: list[str]
        """
        if is_html_empty(self.body_html):
            return []
        hrefs = [link.get("href") for link in html.fromstring(str(self.body_html)).iter("a")]
        return [validate_url(self.get_base_url() + href if href.startswith("/") else href) for href in hrefs if href]

    def action_open_template(self):
        """Open the form of this template, which depends on its type."""
        self.ensure_one()
        return {
            "name": self.display_name,
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref(self._get_template_views()[self.mailing_type]).id, "form")],
        }

    @api.model
    def _get_template_views(self):
        """Return the form of a template, as the external id of a view, by type of mailing.

        :rtype: dict[str, str]
        """
        return {"mail": "marketing_automation.mailing_mailing_view_form_template"}

    def _get_recipients_domain(self):
        """Nobody, for the template of an activity: participants are named one by one."""
        if any(mailing.use_in_marketing_automation for mailing in self):
            return Domain.FALSE
        return super()._get_recipients_domain()

    def _get_seen_list(self):
        """No address, for the template of an activity: a step has duplicates of its own kind."""
        if self.use_in_marketing_automation:
            return set()
        return super()._get_seen_list()

    def _action_send_mail(self, res_ids=None):
        if not message_batch(self.env):
            self._check_not_marketing_template()
        return super()._action_send_mail(res_ids)

    def action_put_in_queue(self):
        self._check_not_marketing_template()
        return super().action_put_in_queue()

    def action_retry_failed(self):
        self._check_not_marketing_template()
        return super().action_retry_failed()

    def _check_not_marketing_template(self):
        """Refuse to send the template of an activity by hand."""
        for mailing in self:
            if mailing.use_in_marketing_automation:
                raise UserError(
                    _(
                        "“%(title)s” is a template of the campaign “%(campaign)s”: the campaign sends it to its "
                        "participants, when their time has come.",
                        title=mailing.display_name,
                        campaign=mailing.sudo().marketing_campaign_id.display_name or "-",
                    )
                )
