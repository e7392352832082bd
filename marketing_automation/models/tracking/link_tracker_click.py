from odoo import api, fields, models


class LinkTrackerClick(models.Model):
    _inherit = "link.tracker.click"

    link_url = fields.Char(string="Address", related="link_id.url", help="The page that the link opens.")

    @api.model
    def _add_mere_click(self, link, **route_values):
        """Count a click in the Link Tracker alone: it is no event of its message.

        :param link: the link.tracker
        :param route_values: as of ``add_click``
        """
        return self.create(self._prepare_click_values_from_route(link_id=link.id, **route_values))
