from odoo import _, models
from odoo.tools import SQL

from ..numbers import format_number

COUNT_LIMIT = 10_000  # beyond which a card says "more than"


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def _get_waiting_words(self):
        """Return for what a participant waits who comes to this step by an event."""
        self.ensure_one()
        trigger = self._get_triggers().get(self.trigger_type)
        words = {
            "open": _("the opening of “%s”", self.parent_id.name),
            "click": _("a click in “%s”", self.parent_id.name),
            "reply": _("a reply to “%s”", self.parent_id.name),
        }
        return words.get(trigger and trigger.event, _("what may follow “%s”", self.parent_id.name))

    def _get_waiting_label(self, count):
        """Return how many wait for the event of this step, in words."""
        trigger = self._get_triggers().get(self.trigger_type)
        shown = (
            _("More than %s", format_number(self.env, COUNT_LIMIT))
            if count > COUNT_LIMIT
            else format_number(self.env, count)
        )
        names = {"count": shown, "parent": self.parent_id.name}
        words = {
            "open": _("%(count)s wait until “%(parent)s” is opened", **names),
            "click": _("%(count)s wait for a click in “%(parent)s”", **names),
            "reply": _("%(count)s wait for a reply to “%(parent)s”", **names),
        }
        return words.get(trigger and trigger.event, _("%(count)s wait for what may follow “%(parent)s”", **names))

    def _get_waiting_labels(self, now):
        """Return how many participants wait for the events of these activities, in words.

        :param datetime now: UTC
        :return: by activity id, where somebody waits
        :rtype: dict[int, str]
        """
        self.env.flush_all()
        labels, activities = {}, self.grouped("id")
        for campaign in self.campaign_id:
            query = campaign._get_open_waits_sql(SQL("TRUE"), now, COUNT_LIMIT + 1)
            rows = query and self.env.execute_query(
                SQL("SELECT step, count(*) FROM (%s) AS waits (participant_id, step) GROUP BY step", query)
            )
            for step_id, count in rows or ():
                if step_id in activities:
                    labels[step_id] = activities[step_id]._get_waiting_label(count)
        return labels
