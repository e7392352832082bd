"""How often a record has been in the campaign, and with whom it shares that by the campaign's unicity."""

from odoo import _, api, fields, models

SHOWN = 3  # of those with the same value


class MarketingParticipant(models.Model):
    _inherit = "marketing.participant"

    other_run_count = fields.Integer(
        string="Other Times", compute="_compute_runs", help="How often else this record has entered the campaign."
    )
    run_words = fields.Char(string="Which Time", compute="_compute_runs", help="Empty for the first time.")
    run_group = fields.Char(
        string="Counts Together With",
        compute="_compute_run_group",
        help=(
            "Records with the same value in the unicity field that were in the campaign too: what one of them did "
            "counts for all."
        ),
    )

    @api.depends("campaign_id", "res_id", "run", "is_test")
    @api.depends_context("lang")
    def _compute_runs(self):
        runs = {}
        real = self.filtered(lambda participant: not participant.is_test)
        for campaign_id, res_id, run in self.search_fetch(
            [("campaign_id", "in", real.campaign_id.ids), ("res_id", "in", real.mapped("res_id"))]
            + [("is_test", "!=", True)],
            ["campaign_id", "res_id", "run"],
        ).mapped(lambda other: (other.campaign_id.id, other.res_id, other.run)):
            runs.setdefault((campaign_id, res_id), []).append(run)
        for participant in self:
            own = () if participant.is_test else runs.get((participant.campaign_id.id, participant.res_id), ())
            participant.other_run_count = max(0, len(own) - 1)
            participant.run_words = self._get_visit_words(1 + sum(run < participant.run for run in own))

    @api.depends("campaign_id", "res_id", "is_test")
    @api.depends_context("lang", "uid")
    def _compute_run_group(self):
        for participant in self:
            key = participant.sudo().unicity_key  # a hash, which nobody may read
            others = self.browse()
            if key and not participant.is_test:
                sharing = [("campaign_id", "=", participant.campaign_id.id), ("unicity_key", "=", key)]
                found = self.sudo().search([*sharing, ("is_test", "!=", True), ("res_id", "!=", participant.res_id)])
                # as its reader sees them, each record once, by its latest time
                others = found.sudo(False)._filtered_access("read").sorted("run", reverse=True)
            latest = {}
            for other in others:
                latest.setdefault(other.res_id, other)
            names = [
                _("%(name)s (%(time)s)", name=other.display_name, time=self._get_time_words(other.run))
                for other in [*latest.values()][:SHOWN]
            ]
            if len(latest) > SHOWN:
                names.append(_("%s more", len(latest) - SHOWN))
            participant.run_group = ", ".join(names)

    @api.model
    def _get_time_words(self, number):
        return self._get_visit_words(number) or _("1st time")

    def action_view_runs(self):
        """Open the other times that this record was in the campaign; the one there is, at once."""
        self.ensure_one()
        others = [("campaign_id", "=", self.campaign_id.id), ("res_id", "=", self.res_id), ("is_test", "=", False)]
        domain = [*others, ("id", "!=", self.id)]
        found = self.search(domain, limit=2)
        if len(found) == 1:
            return found.get_formview_action()
        action = self.env["ir.actions.act_window"]._for_xml_id("marketing_automation.marketing_participant_action")
        return dict(action, display_name=_("Other Times of %s", self.display_name), domain=domain)
