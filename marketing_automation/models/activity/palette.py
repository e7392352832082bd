"""What the workflow offers to add: the types of activities in groups, and the ways by which one follows another."""

from odoo import _, api, models

from ...engine.workflow import STEPS


class MarketingActivity(models.Model):
    _inherit = "marketing.activity"

    @api.model
    @api.readonly
    def get_palette(self):
        """Return the types of activities that may be added, in the order in which they are offered.

        :return: name, words, icon and group of each, and the words of the group
        :rtype: list[dict]
        :raise AccessError: for whom no campaign is
        """
        self.check_access("read")
        labels = dict(self._fields["activity_type"]._description_selection(self.env))
        groups = self._get_group_labels()
        types = [described for name, described in self._get_types().items() if name in labels and name != "missing"]
        order = list(groups)
        return [
            {
                "type": described.name,
                "label": labels[described.name],
                "hint": self.env._(described.hint) if described.hint else "",
                "icon": described.icon,
                "group": described.group,
                "group_label": groups.get(described.group, described.group),
            }
            for described in sorted(
                types,
                key=lambda described: (
                    order.index(described.group) if described.group in groups else len(order),
                    described.rank,
                ),
            )
        ]

    @api.model
    def _get_group_labels(self):
        """Return what the groups of types are called, in their order."""
        return {"message": _("Messages"), "logic": _("Logic"), "record": _("Record"), "team": _("Team")}

    def _get_way(self):
        """Return by which of the ways of the activity before it this one follows; see :meth:`_get_ways`."""
        self.ensure_one()
        trigger = self._get_triggers().get(self.trigger_type)
        if trigger and trigger.branch == STEPS:
            for way in self.parent_id._get_ways():
                if way["trigger"] == self.trigger_type and all(
                    self[fname].id == value for fname, value in way["values"].items()
                ):
                    return way["key"]
        return self.trigger_type

    def _get_ways(self):
        """Return how another activity may follow this one: by a trigger, and where it chooses a branch by each of them.

        ``branch`` is what the traces call that, ``values`` are more of the activity that follows by it.

        :rtype: list[dict]
        """
        self.ensure_one()
        triggers = self._get_triggers()
        ways = []
        for trigger_type, label, tone, values in self._get_child_triggers():
            branch = triggers[trigger_type].branch
            if branch == STEPS:
                branch = ":".join(map(str, values.values()))
            ways.append(
                {
                    "key": f"{trigger_type}:{branch}" if values else trigger_type,
                    "trigger": trigger_type,
                    "branch": branch,
                    "label": label,
                    "tone": "branch" if branch else tone,
                    "values": values,
                }
            )
        return ways
