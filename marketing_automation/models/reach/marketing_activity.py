from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...engine.workflow import STEPS
from ..counters.triggers import LEFT_OUT
from ..guards.marketing_checked_mixin import shorten
from .marketing_campaign import MISMATCH


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_left_out_numbers(self):
        """Return who got no message of these activities, the most frequent reason first.

        :return: by activity id, the code, what it means in words, and of how many
        :rtype: dict[int, list[dict]]
        """
        labels = self.env["marketing.campaign"]._get_left_out_labels()
        codes = {f"{LEFT_OUT}{code}": code for code in labels if code != MISMATCH}
        numbers = {}
        for (activity_id, metric), count in self._get_counted_numbers().items():
            if metric in codes and count:
                code = codes[metric]
                numbers.setdefault(activity_id, []).append({"code": code, "label": labels[code], "count": count})
        return {id_: sorted(found, key=lambda line: (-line["count"], line["code"])) for id_, found in numbers.items()}

    def action_view_left_out(self, code):
        """Open the participants who got no message of this activity, for a reason.

        :param str code: of the reason: see ``marketing.campaign._get_left_out_labels``
        :raise UserError: for another
        """
        self.ensure_one()
        labels = self.env["marketing.campaign"]._get_left_out_labels()
        if not isinstance(code, str) or code not in labels:
            raise UserError(_("Nobody is left out for a reason called “%s”.", shorten(code)))
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        left_out = [("activity_id", "=", self.id), ("is_test", "=", False), ("end_code", "=", code)]
        return dict(
            action,
            display_name=f"{self.name}: {labels[code]}",
            domain=[("is_test", "=", False), ("trace_ids", "any", left_out)],
            context={"marketing_of_campaign": True},
            help=self.campaign_id._get_empty_help(
                _("Nobody yet"), _("People who get no message of “%s” for this reason show here.", self.name)
            ),
        )

    @api.model
    def _foresee_choice(self, parent, child, campaign):
        """Return who goes on from one step to another at once; None where nobody knows.

        A type that chooses branches says so by ``_foresee_<type>(step, branch, campaign)``.

        :param Step parent: of the workflow
        :param Step child: below it
        :return: which records, as a domain; or where chance decides, how many of them, from 0.0 to 1.0
        :rtype: Domain | float | None
        """
        described = self._get_types()[parent.activity_type]
        trigger = self._get_triggers().get(child.trigger_type)
        if described.sends or not trigger or trigger.event:
            return None
        foresee = getattr(self, f"_foresee_{parent.activity_type}", None)
        if foresee:
            return foresee(parent, child.branch if trigger.branch == STEPS else trigger.branch, campaign)
        return None if described.branches else Domain.TRUE
