"""On which link of the message before it a step waits for a click."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ...engine.behaviour import LONGEST_LINK, is_link_text
from ...engine.workflow import WHOLE

LONGEST_ADDRESS = 2_000


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    link_filter = fields.Char(
        string="Link",
        help="Which link has to be clicked, or not: one of the message, or those whose address or text contains this.",
    )
    awaits_click = fields.Boolean(compute="_compute_link_choices")
    link_choices = fields.Json(
        compute="_compute_link_choices", help="Address and text of each link of the message before this activity."
    )

    @api.depends("trigger_type", "parent_id.mass_mailing_id.body_html", "parent_id.mass_mailing_id.mailing_type")
    def _compute_link_choices(self):
        for activity in self:
            activity.awaits_click = activity._awaits_click()
            mailing = activity.parent_id.mass_mailing_id
            is_shown = activity.awaits_click and mailing and mailing.has_access("read")
            activity.link_choices = mailing._get_marketing_links() if is_shown else []

    def _awaits_click(self):
        """Tell whether the trigger is about a click, or that there is none; of one that confirms there is but one."""
        trigger = self._get_triggers().get(self.trigger_type)
        return bool(trigger and trigger.event == "click" and not self.parent_id._asks_to_confirm())

    @api.constrains("link_filter")
    def _check_link_filter(self):
        for activity in self.filtered("link_filter"):
            text = activity.link_filter
            is_whole = text.startswith(WHOLE) and len(text) <= LONGEST_ADDRESS and text.isprintable()
            if not is_whole and not is_link_text(text.strip()):
                raise ValidationError(
                    _(
                        "“%(activity)s”: what a link contains is a text of at most %(longest)s characters.",
                        activity=activity.name,
                        longest=LONGEST_LINK,
                    )
                )

    def _get_link_words(self):
        """Return what the link is called of which this step waits for a click; an empty text for any."""
        if not self.link_filter or not self._awaits_click():
            return ""
        if not self.link_filter.startswith(WHOLE):
            return self.link_filter
        url = self.link_filter[len(WHOLE) :]
        return dict(self.link_choices or []).get(url) or url
