"""The clicks on the links of an email: as a list, and drawn on the email itself."""

from odoo import _, models
from odoo.tools import SQL

LINK = "link:"  # begins the name of a number: how many clicked on a link


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    def get_click_map(self):
        """Return the emails of these activities with how many people clicked on each of their links.

        By the index of people's clicks; of steps that were summed up, links are no longer known.

        :return: of each email: its picture as ``get_marketing_preview`` does, and its links, most clicked first
        :rtype: list[dict]
        """
        self.check_access("read")
        return [
            {
                "id": activity.id,
                "name": activity.name,
                "sent": activity.total_sent,
                "clicked": activity.total_click,
                "mail": {
                    **activity.mass_mailing_id._get_marketing_preview(),
                    "url": f"/marketing_automation/preview/{activity.mass_mailing_id.id}?clicks={activity.id}",
                },
                "links": activity._get_clicked_links(),
            }
            for activity in self
            if activity.mass_mailing_id.mailing_type == "mail" and activity.mass_mailing_id.has_access("read")
        ]

    def _get_clicked_links(self):
        """Return address, text and number of people of each link of this activity's email, most clicked first.

        Of those that are clicked alike, the order is that of the email. Links of the email that nobody has clicked are
        there too; ``metric`` is what ``action_view_records`` opens.
        """
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                # the conditions of the index "_people_clicks"
                """
                SELECT l.url, COALESCE(l.label, ''), min(l.id), count(DISTINCT e.trace_id)
                  FROM marketing_trace_event e JOIN link_tracker l ON l.id = e.link_id
                 WHERE e.activity_id = %s AND e.event = 'click' AND e.is_test IS NOT TRUE
                   AND e.origin IS DISTINCT FROM 'machine'
              GROUP BY 1, 2
                """,
                self.id,
            )
        )
        found = {
            (url, label): {"url": url, "label": label, "metric": f"{LINK}{id_}", "count": count}
            for url, label, id_, count in rows
        }
        places = {}
        for place, (url, label) in enumerate(self.mass_mailing_id._get_marketing_links()):
            found.setdefault((url, label), {"url": url, "label": label, "metric": False, "count": 0})
            places[url, label] = place
        whole = self.total_click
        for link in found.values():
            link["share"] = link["count"] / whole if whole else 0.0

        def get_rank(link):
            place = places.get((link["url"], link["label"]), len(places))  # of those that are gone, after the others
            return -link["count"], place, link["label"], link["url"]

        return sorted(found.values(), key=get_rank)

    def _get_link_domain(self, metric):
        """Return which steps of participants a number of clicks on a link counts; None where it is none.

        :return: (domain of marketing.trace, what the number is called)
        """
        id_ = metric.removeprefix(LINK) if isinstance(metric, str) and metric.startswith(LINK) else ""
        if not (id_.isascii() and id_.isdecimal() and len(id_) < 10):
            return None
        link = self.env["link.tracker"].search([("id", "=", int(id_))])  # of those that the reader may see
        if not link or link.mass_mailing_id != self.mass_mailing_id:
            return None
        click = [("event", "=", "click"), ("link_id", "=", link.id), ("origin", "!=", "machine")]
        return [("event_ids", "any", click)], _("Clicked on %s", link.label or link.url)
