from odoo import _, fields, models

from ...engine.workflow import CANCEL, SCHEDULE


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _prepare_timeline_card(self):
        """Return what the timeline shows of this activity, whatever became of it."""
        self.ensure_one()
        words, tone = self._get_badge()
        return {
            "activity_id": self.id,
            "name": self.name,
            "type": self.activity_type,
            "type_label": self._get_label("activity_type"),
            "icon": self._get_type().icon,
            "group": self._get_type().group,
            "trigger": self.trigger_label,
            "chip": words,
            "tone": tone,
        }

    def _prepare_timeline_wait(self, parent, trigger, decision, happened, now):
        """Return what the timeline shows of this activity while a participant has not come to it.

        :param parent: the trace on which it waits
        :param Trigger trigger: its trigger
        :param Decision decision: what the engine says of it
        :param bool happened: whether its event has come
        :param datetime now: UTC
        """
        is_late = bool(decision.date and decision.date < now and decision.kind != SCHEDULE)
        is_missed = is_late or (happened and decision.kind not in (CANCEL, SCHEDULE))
        code = decision.code or ("expired" if is_missed else None)
        if code:
            state_label, words = _("Does not run"), ""
        elif decision.kind == SCHEDULE:
            state_label, words = _("Waiting"), _("Comes next.")
        else:
            state_label, words = _("Waiting"), self._get_wait_words(trigger)
        return {
            **self._prepare_timeline_card(),
            "key": f"wait-{parent.id}-{self.id}",
            "trace_id": False,
            "state": "skipped" if code else "waiting",
            "state_label": state_label,
            "due": fields.Datetime.to_string(decision.date) if decision.kind == SCHEDULE else False,
            "until": fields.Datetime.to_string(decision.date) if decision.kind != SCHEDULE else False,
            "reason": parent._get_end_words(code, None) or "",
            "note": words,
            "events": [],
            "fires": [],
            "children": [],
        }

    def _get_wait_words(self, trigger):
        """Return in words what a step with this trigger waits for."""
        if trigger.waits_for_completion:
            return _("Waits until the server has accepted the previous message.")
        words = {
            "open": _("Waits to be opened."),
            "click": _("Waits for a click."),
            "reply": _("Waits for a reply."),
            "bounce": _("Waits for a bounce."),
            "complaint": _("Waits for a complaint."),
            "unsubscribe": _("Waits until somebody unsubscribes."),
        }
        return words.get(trigger.event, _("Waits."))
