from odoo import api, fields, models

from .engine_context import message_batch


class LinkTracker(models.Model):
    _inherit = "link.tracker"

    @api.model
    def search_or_create(self, vals_list):
        """Look the links of a batch of messages up once, not again for each message."""
        batch = message_batch(self.env)
        if not batch:
            return super().search_or_create(vals_list)
        keys = [repr(sorted(vals.items())) for vals in vals_list]  # before super() completes the values
        new = {key: vals for key, vals in zip(keys, vals_list, strict=True) if key not in batch.links}
        if new:
            links = super().search_or_create(list(new.values()))
            batch.links.update(zip(new, links.ids, strict=True))
        return self.browse([batch.links[key] for key in keys])


class LinkTrackerClick(models.Model):
    _inherit = "link.tracker.click"

    link_url = fields.Char(string="Address", related="link_id.url", help="Where the link leads.")
