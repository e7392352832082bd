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
    settings={"reason": "end_reason"},
    followed=False,
    form="""<field name="end_reason" placeholder="e.g. Became a customer"/>""",
    form_texts=(_lt("e.g. Became a customer"),),
)


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    end_reason = fields.Char(
        string="Reason",
        help="Why participants are through who come here: their record in the campaign says so.",
    )

    @api.model
    def _describe_type_end(self):
        return END

    def _label_end(self):
        return _("end the workflow: “%s”", self.end_reason) if self.end_reason else None

    def _note_end(self, trace):
        return trace.participant_id.end_reason if trace.state == "processed" else ""

    def _compare_end(self, old):
        return [
            _(
                "The reason of “%(activity)s” is “%(new)s” instead of “%(old)s”.",
                activity=self.name,
                new=self.end_reason or "-",
                old=old["reason"] or "-",
            )
        ]

    @api.private
    def _execute_end(self, traces, now):
        """End the participants of a batch, with all that is scheduled for them."""
        reason = self._get_running_step().settings["reason"]
        traces.participant_id._end("ended", {"detail": reason} if reason else None, now)
        return {}
