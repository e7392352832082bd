"""What became of campaigns in the last week, in words, for their responsible."""

from odoo import _, models
from odoo.tools import SQL

from ..numbers import format_number


class MarketingCampaign(models.Model):
    _inherit = "marketing.campaign"

    def _describe_last_week(self, since):
        """Return what these campaigns did since then, what they brought, what failed, and what to look at.

        :param datetime since: UTC
        :return: list of (campaign, sentences)
        """
        self._flush_counted()
        done = dict(
            self.env.execute_query(
                SQL(
                    """SELECT campaign_id, sum(number)::bigint FROM marketing_counter
                        WHERE campaign_id = ANY(%s) AND metric = 'processed' AND date >= %s GROUP BY campaign_id""",
                    self.ids,
                    since,
                )
            )
        )
        reached = dict(
            self.env.execute_query(
                SQL(
                    """SELECT campaign_id, count(*) FROM marketing_participant
                        WHERE campaign_id = ANY(%s) AND goal_date >= %s AND goal_date IS NOT NULL
                          AND is_test IS NOT TRUE GROUP BY campaign_id""",
                    self.ids,
                    since,
                )
            )
        )
        return [
            (campaign, " ".join(campaign._get_last_week_words(done.get(campaign.id, 0), reached.get(campaign.id, 0))))
            for campaign in self
        ]

    def _get_last_week_words(self, done, reached):
        """Return sentences about the last week of this campaign.

        :param int done: how many steps ran
        :param int reached: how many reached the goal
        """
        words = [_("Steps done: %s.", format_number(self.env, done))]
        if self.has_goal or reached:
            words.append(_("Conversions: %s.", format_number(self.env, reached)))
        if self.error_count:
            words.append(
                _("Steps that failed: %s. Their reasons are on its form.", format_number(self.env, self.error_count))
            )
        if self.state == "stopped":
            words.append(_("It has stopped. %s", self.stop_reason or "").strip())
        elif (health := self._get_health())["is_late"]:
            words.append(health["text"])
        if self.require_sync:
            words.append(_("Its workflow was modified, and waits for an Update."))
        return words
