from contextlib import suppress

from odoo import models
from odoo.exceptions import AccessError

from ...engine.context import action_run

X2MANY = ("one2many", "many2many")


class Base(models.AbstractModel):
    _inherit = "base"

    def _fetch_field(self, field):
        """Read for all participants of a batch what the action of one of them reads.

        An action looks at one record alone, so that Odoo would read its columns and each of its
        lists of other records once for each participant. The cache is Odoo's own: what the action
        of one writes, those after it see. Files are no part of it, as memory is bounded.
        """
        run = action_run(self.env)
        if run and run.is_of_batch(self) and (field.prefetch or field.type in X2MANY):
            together = field._to_prefetch(self.with_prefetch(run.res_ids))
            # of another participant's record, perhaps: its own action will tell
            with suppress(AccessError):
                return super(Base, together)._fetch_field(field)
        return super()._fetch_field(field)
