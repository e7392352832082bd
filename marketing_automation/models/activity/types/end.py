"""End: who comes here is through with the workflow, whatever else was scheduled for them."""

from odoo import _, api, fields, models
from odoo.tools import LazyTranslate

from ....engine.activity_types import ActivityType

_lt = LazyTranslate(__name__)

END = ActivityType(
    "end",
    icon="fa-flag-checkered",
    hint=_lt("Say that it is over, and why"),
    group="logic",
    light=True,
    does=(_lt("end the workflow"), _lt("end the workflow")),
    settings={"reason": "end_reason", "is_goal": "end_is_goal"},
    followed=False,
    form="""
        <field name="end_reason" placeholder="e.g. Became a customer"/>
        <field name="end_is_goal"/>
    """,
    form_texts=(_lt("e.g. Became a customer"),),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    end_reason = fields.Char(
        string="Reason",
        help="Why participants who come here have finished: their page in the campaign shows it.",
    )

    end_is_goal = fields.Boolean(
        string="Counts as the Goal", help="Who comes here has reached what the campaign is for."
    )

    @api.model
    def _describe_type_end(self):
        return END

    def _label_end(self):
        return _("end the workflow: “%s”", self.end_reason) if self.end_reason else None

    def _note_end(self, trace):
        return trace.participant_id.end_reason if trace.state == "processed" else ""

    def _compare_end(self, old):
        changes = []
        if bool(old.get("is_goal")) != self.end_is_goal:  # of 19.0.1.4.0 it has none
            words = _("“%s” counts as the goal now.") if self.end_is_goal else _("“%s” no longer counts as the goal.")
            changes.append(words % self.name)
        if old["reason"] == self._get_settings()["reason"]:
            return changes
        return [
            *changes,
            _(
                "The reason of “%(activity)s” is “%(new)s” instead of “%(old)s”.",
                activity=self.name,
                new=self.end_reason or "-",
                old=old["reason"] or "-",
            ),
        ]

    @api.private
    def _execute_end(self, traces, now):
        """End the participants of a batch, with all that is scheduled for them."""
        settings = self._get_running_step().settings
        reason = settings["reason"]
        if settings.get("is_goal"):
            traces.filtered(lambda trace: not trace.is_test).participant_id._note_goal(now)
        traces.participant_id._end("ended", {"detail": reason} if reason else None, now)
        return {}
