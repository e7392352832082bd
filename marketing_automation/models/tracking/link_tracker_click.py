from odoo import api, fields, models

from ...engine.context import LINK_KEY, FollowedLink, followed_link


class LinkTrackerClick(models.Model):
    _inherit = "link.tracker.click"

    link_url = fields.Char(string="Address", related="link_id.url", help="The page that the link opens.")

    @api.model
    def add_click(self, code, **route_values):
        """Have the event of a campaign's message know which link was followed."""
        return super(LinkTrackerClick, self.with_context(**{LINK_KEY: FollowedLink()})).add_click(code, **route_values)

    def _prepare_click_values_from_route(self, **route_values):
        followed = followed_link(self.env)
        if followed:
            followed.link_id = route_values.get("link_id")
        return super()._prepare_click_values_from_route(**route_values)

    @api.model
    def _add_mere_click(self, link, **route_values):
        """Count a click in the Link Tracker alone: it is no event of its message.

        :param link: the link.tracker
        :param route_values: as of ``add_click``
        """
        return self.create(self._prepare_click_values_from_route(link_id=link.id, **route_values))
