from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...engine.entry_types import EntryType
from ...engine.workflow import Entry


class MarketingEntry(models.Model):
    """A way into a campaign. The campaign's filter, unicity and rights hold for each of them.

    An addon adds a type with ``selection_add`` on ``entry_type`` and a method ``_describe_entry_<type>()``, which says
    all that others ask of it. See ``types/``.
    """

    _name = "marketing.entry"
    _inherit = "marketing.guard"
    _description = "Marketing Entry"
    _order = "sequence, id"
    _rec_name = "sentence"

    campaign_id = fields.Many2one("marketing.campaign", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, help="A removed entry that runs, or by which people came, is archived.")
    entry_type = fields.Selection(
        [("filter", "Filter"), ("missing", "Missing")],
        string="How",
        required=True,
        default="filter",
        help="Missing: the addon of this entry's type was uninstalled.",
    )
    model_name = fields.Char(related="campaign_id.model_name")
    sentence = fields.Char(string="Who enters", compute="_compute_sentence")
    problem = fields.Char(compute="_compute_problem", help="Why nobody enters by this entry.")

    # ------------------------------------------------------------
    # Types
    # ------------------------------------------------------------

    @api.model
    def _get_types(self):
        """Return the description of each type of entry, by its name; a type that nobody knows gives nothing.

        :rtype: dict[str, EntryType]
        """
        types = {}
        for name, _label in self._fields["entry_type"].selection:
            describe = getattr(self, f"_describe_entry_{name}", None)
            types[name] = describe() if describe else EntryType(name)
        return types

    @api.model
    def _get_sources(self):
        """Return the types as sources of participants: pairs of value and label."""
        labels = self._fields["entry_type"]._description_selection(self.env)
        return [(name, label) for name, label in labels if name != "missing"]

    def _get_type(self):
        """Return the description of this entry's type."""
        self.ensure_one()
        return self._get_types().get(self.entry_type) or EntryType(self.entry_type or "")

    def _ask_type(self, question, *args, default=None):
        """Return what the method ``_<question>_<type>`` of this entry's type says; the default where it has none."""
        self.ensure_one()
        answer = getattr(self, f"_{question}_{self.entry_type}", None)
        return answer(*args) if answer else default

    # ------------------------------------------------------------
    # Words
    # ------------------------------------------------------------

    @api.depends(lambda self: ["entry_type", *self._get_setting_fields()])
    @api.depends_context("lang")
    def _compute_sentence(self):
        for entry in self:
            entry.sentence = entry._ask_type("describe_settings", entry._get_settings()) or entry._get_type_label()

    @api.depends(lambda self: ["entry_type", "campaign_id.state", *self._get_setting_fields()])
    @api.depends_context("lang", "uid")
    def _compute_problem(self):
        for entry in self:
            problems = entry._find_problems(self.env.user) or entry._find_problems_of_what_runs()
            entry.problem = problems[0] if problems else False

    def _get_type_label(self):
        return dict(self._fields["entry_type"]._description_selection(self.env)).get(self.entry_type, "")

    def _find_problems(self, user):
        """Return in words what keeps people from entering by this entry: what the campaign does not start with.

        By the method ``_find_problems_<type>(user)``.

        :param user: with whose rights they would enter
        :rtype: list[str]
        """
        self.ensure_one()
        if self.entry_type == "missing":
            return [_("The app of one of its entries was uninstalled: remove that entry, or install the app again.")]
        described = self._get_type()
        lacking = [
            self._fields[fname]._description_string(self.env)
            for setting in described.required
            if not self[fname := described.settings[setting]]
        ]
        if lacking:
            return [_("An entry lacks its “%s”: choose it.", lacking[0])]
        return self._ask_type("find_problems", user, default=[])

    def _find_problems_of_what_runs(self):
        """Return in words why nobody enters by this entry as it was at the last Start or Update."""
        campaign = self.campaign_id.sudo()
        if not self._origin or campaign.state != "running":
            return []
        running = [entry for entry in campaign._get_workflow().entries if entry.id == self._origin.id]
        return [problem for entry in running if (problem := self._find_running_problem(campaign, entry))]

    # ------------------------------------------------------------
    # What runs
    # ------------------------------------------------------------

    def _to_entry(self):
        """Return what a running campaign keeps of this entry.

        :rtype: odoo.addons.marketing_automation.engine.workflow.Entry
        """
        self.ensure_one()
        return Entry(self._origin.id or None, self.entry_type, self._get_settings())

    def _get_settings(self):
        """Return what a running campaign keeps of this entry for its type: what JSON can hold.

        :rtype: dict
        """
        settings = {}
        for setting, fname in self._get_type().settings.items():
            value = self[fname]
            if isinstance(value, models.BaseModel):
                value = value.id if self._fields[fname].type == "many2one" else value.ids
            elif self._fields[fname].type in ("date", "datetime"):
                value = self._fields[fname].to_string(value)
            settings[setting] = value
        return settings

    @api.model
    def _get_setting_fields(self):
        """Return the fields of the types' settings."""
        fnames = [fname for described in self._get_types().values() for fname in described.settings.values()]
        return list(dict.fromkeys(fnames))

    @api.model
    def _get_running_fields(self):
        """Return the fields on which it depends what runs."""
        return ["sequence", "active", "entry_type", *self._get_setting_fields()]

    @api.model
    def _enrol_by(self, campaign, running, now, limit, after):
        """Have a running campaign's entry take in who is found by it.

        :param campaign: the marketing.campaign
        :param Entry running: as it was at the last Start or Update
        :param datetime now: UTC
        :param int limit: how many to take in at most
        :param after: 0, or what this method returned
        :return: where to go on, or None when everybody was looked at
        """
        enrol = getattr(self, f"_enrol_{running.entry_type}", None)
        return enrol(campaign, running, now, limit, after) if enrol else None

    @api.model
    def _find_who_enters(self, campaign, running, res_ids):
        """Return who enters for what a running campaign's entry was told of, by ``_find_who_enters_<type>``.

        By default the records to which it happened are those that enter.

        :param campaign: the marketing.campaign
        :param Entry running: as it was at the last Start or Update
        :param list res_ids: ids of the records to which it happened
        :return: the id of the record of the target, by these ids; none for whom nobody enters
        :rtype: dict[int, int]
        """
        find = getattr(self, f"_find_who_enters_{running.entry_type}", None)
        return find(campaign, running, res_ids) if find else dict(zip(res_ids, res_ids, strict=True))

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    def write(self, vals):
        if "campaign_id" in vals and any(entry.campaign_id.id != vals["campaign_id"] for entry in self):
            raise UserError(_("An entry stays with its campaign: make a new one there."))
        return super().write(vals)

    def unlink(self):
        """Delete the entries; those that run, or by which people came, are archived instead."""
        self.check_access("unlink")
        needed = self._filter_needed()
        needed.active = False
        return super(MarketingEntry, self - needed).unlink()

    def _filter_needed(self):
        participants = self.env["marketing.participant"].sudo()  # participants of whichever company
        running = {
            entry.id
            for campaign in self.campaign_id.sudo()
            if campaign.workflow and campaign.state == "running"
            for entry in campaign._get_workflow().entries
        }
        return self.filtered(
            lambda entry: entry.id in running or participants.search_count([("entry_id", "=", entry.id)], limit=1)
        )
