"""Drafts are made of a file of campaigns, with the rights of its user alone: see :mod:`.engine.campaign_file`.

Each value goes through Odoo's ordinary methods, which check it as if the user had typed it. What does not fit is said
in a line, and left empty or to another choice of the user's.
"""

import re

import psycopg2
from lxml.etree import LxmlError

from odoo import _
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import clean_context

from ...engine.campaign_file import FILE_PLACE, is_link
from ...engine.filter_ids import put_ids
from ..dependencies.mailing_files import BODIES
from ..guards.calls import MISUSES
from ..guards.marketing_checked_mixin import ValueCheck, shorten
from .finder import GONE, Made, RecordFinder

NOBODY = repr([("id", "=", False)])
# what Odoo, Python and PostgreSQL say of values that no form would send
REFUSALS = (UserError, *MISUSES, LxmlError, psycopg2.IntegrityError)
ACTIONS = "ir.actions.server"
TEXTS = ("char", "text", "html")
# where the token of a file stood by which its image is shown
TOKEN_PLACE = re.compile(r"(/web/(?:image|content)/)(\d+)[^\"'\s<>]*?access_token=(?![0-9A-Za-z-])")


class CampaignMaker:
    """Makes drafts of campaigns.

    :param env: of the user
    :param CampaignFile file: what was read
    :param dict choices: ids of records that were chosen, or False, by the keys of :attr:`Made.choices`
    """

    def __init__(self, env, file, choices=()):
        self.env = env(context=clean_context(env.context))
        self.file = file
        self.chosen = dict(choices)
        self.made = Made()
        self.finder = RecordFinder(self.env, file.references, self.chosen, self.made)

    def make(self):
        """Make a draft of each campaign that can be made: of each all, or nothing.

        :rtype: Made
        """
        for name in sorted(self.file.unknown):
            self.made.note(_("“%s” in the file is not known here, and left out.", shorten(name)))
        for campaign in self.file.campaigns:
            # what does not fit in one that is refused is of no interest
            kept = dict(self.made.choices), dict(self.made.notes)
            try:
                with self.env.cr.savepoint():
                    draft = self._make_campaign(campaign)
                    self.env.flush_all()
            except REFUSALS as error:
                self.env.invalidate_all()
                self.made.choices, self.made.notes = kept
                draft = self._word_refusal(error)
            self.made.campaigns.append((campaign, draft))
        return self.made

    def _word_refusal(self, error):
        if isinstance(error, UserError):
            return str(error)
        return _("a value is missing, or is not what belongs there")

    # ------------------------------------------------------------
    # A campaign
    # ------------------------------------------------------------

    def _make_campaign(self, part):
        self.part, self.target = part, part.target
        if self.target not in self.env or not self.env["ir.model"]._get(self.target):
            raise UserError(
                _(
                    "“%(name)s” (%(model)s) is not here: install its app first.",
                    name=shorten(part.target_name),
                    model=self.target,
                )
            )
        self.steps, self.mailings, self.actions = {}, {}, {}
        model = self.env["marketing.campaign"]
        values, later = self._read_values(model, part.values)
        entries = [self._read_values(self.env["marketing.entry"], entry)[0] for entry in part.entries]
        self.campaign = model.create(
            {
                "model_id": self.env["ir.model"]._get_id(self.target),
                **values,
                "entry_ids": [Command.create({"sequence": 10 * n, **entry}) for n, entry in enumerate(entries, 1)],
            }
        )
        waiting = [(self.campaign, later)]
        for step in part.activities:
            made, later = self._make_step(step)
            self.steps[step.key] = made
            waiting.append((made, later))
        for record, later in waiting:  # what speaks of steps that come after it
            values = {fname: self._read_value(record, fname, value, {}) for fname, value in later.items()}
            if values:
                record.write(values)
        return self.campaign

    def _make_step(self, part):
        model = self.env["marketing.activity"]
        values, later = self._read_values(model, part.values)
        branches = [self._read_values(self.env["marketing.activity.branch"], branch)[0] for branch in part.branches]
        values.update(
            campaign_id=self.campaign.id,
            parent_id=self.steps[part.parent].id if part.parent else False,
            mass_mailing_id=self._get_mailing(part.mailing),
            server_action_id=self._get_action(part.action),
        )
        if branches:
            values["branch_ids"] = [Command.create(branch) for branch in branches]
        branch = later.pop("branch_id", None)
        if branch:  # of a step above it, which is there
            values["branch_id"] = self._read_value(model, "branch_id", branch, {})
        return model.create(values), later

    # ------------------------------------------------------------
    # Values
    # ------------------------------------------------------------

    def _read_values(self, model, data):
        """Return the values that Odoo takes, and those that have to wait until all steps are there.

        :param dict data: of the file
        :rtype: tuple[dict, dict]
        """
        moving, values, later, texts = model._get_moving_fields(), {}, {}, {}
        for fname, value in data.items():
            if fname not in moving:
                self.made.note(
                    _(
                        "The field “%(field)s” of “%(model)s” is not here, or not to be imported: it is left out.",
                        field=fname,
                        model=model._description,
                    )
                )
            elif value is None and model._fields[fname].required:
                continue  # as a new one has it
            elif fname.endswith("_behavior") or is_link(value, "step") or is_link(value, "branch"):
                later[fname] = value
            elif model._fields[fname].type in ("json", "many2one_reference") or model._is_moving_filter(fname):
                texts[fname] = value
            else:
                values[fname] = self._read_value(model, fname, value, {})
        ValueCheck(model).check(values)
        for fname, value in texts.items():
            values[fname] = self._read_value(model, fname, value, values)
        ValueCheck(model).check({fname: values[fname] for fname in texts})
        return values, later

    def _read_value(self, model, fname, value, values):
        """Return what Odoo takes for a value of the file.

        :param dict values: others of the same record
        """
        field = model._fields[fname]
        read = getattr(self, f"_read_{field.type}", None)
        if value is None:
            return False if field.type != "many2many" else [Command.clear()]
        if field.type in TEXTS and not isinstance(value, str):  # Odoo would make one of it
            raise UserError(self._word_wrong(field))
        return read(model, field, value, values) if read else value

    def _read_char(self, model, field, value, values):
        if not model._is_moving_filter(field.name):
            return value
        holder = model._get_moving_model(field.name, values.get, self.target) or self.target
        try:
            text = put_ids(value, self.finder.get_id)
            self.env["marketing.campaign"]._parse_filter(text, self.env).validate(self.env[holder].sudo())
        except Exception as error:  # whatever Odoo says of a domain
            self.made.note(
                _(
                    "“%(filter)s” does not fit here, and matches nobody until you enter it again: %(error)s",
                    filter=field._description_string(self.env),
                    error=shorten(str(error)),
                )
            )
            return NOBODY
        return text

    def _read_selection(self, model, field, value, values):
        known = field.get_values(self.env)
        if isinstance(value, str) and value not in known:
            missing = "missing" if "missing" in known else False
            self.made.note(
                _(
                    "“%(value)s” is no choice of “%(field)s” here: its app may not be installed.",
                    value=shorten(value),
                    field=field._description_string(self.env),
                )
            )
            return missing or model.default_get([field.name]).get(field.name, False)
        return value

    def _read_many2one(self, model, field, value, values):
        if is_link(value, "step"):
            return self._get_step(value["step"]).id
        if is_link(value, "branch"):
            return self._get_branch(value["branch"]).id
        return self._read_link(field, value, field.comodel_name)

    def _read_link(self, field, value, comodel):
        """Return the id of the record for which a value stands; False where there is none."""
        if not is_link(value, "ref"):
            raise UserError(self._word_wrong(field))
        if self.finder.get_reference(value["ref"]).model != comodel:
            raise UserError(self._word_wrong(field))
        return self.finder.find(value["ref"])

    def _word_wrong(self, field):
        return _("“%s” cannot be read: it is not what belongs there.", field._description_string(self.env))

    def _read_many2many(self, model, field, value, values):
        if not isinstance(value, list):
            raise UserError(self._word_wrong(field))
        ids = [self._read_link(field, part, field.comodel_name) for part in value]
        return [Command.set([id_ for id_ in ids if id_])]

    def _read_reference(self, model, field, value, values):
        if not is_link(value, "ref"):
            raise UserError(self._word_wrong(field))
        found = self.finder.find(value["ref"])
        return f"{self.finder.get_reference(value['ref']).model},{found}" if found else False

    def _read_many2one_reference(self, model, field, value, values):
        if not is_link(value, "ref"):
            raise UserError(self._word_wrong(field))
        comodel = model.new(values)[field.model_field]
        return self._read_link(field, value, comodel)

    def _read_json(self, model, field, value, values):
        if field.name.endswith("_behavior"):
            return self._read_behaviour(field, value)
        comodel = model._get_moving_model(field.name, values.get, self.target)
        if not comodel:
            return value
        if isinstance(value, list):
            links = [self._read_link(field, part, comodel) if is_link(part, "ref") else part for part in value]
            return [link for link in links if link]
        return self._read_link(field, value, comodel) if is_link(value, "ref") else value

    def _read_behaviour(self, field, value):
        lines = value.get("lines") if isinstance(value, dict) else None
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            raise UserError(self._word_wrong(field))
        lines = [
            {**line, "activity": self._get_behaved_step(line["activity"])} if line.get("activity") else line
            for line in lines
        ]
        return {**value, "lines": lines}

    def _get_behaved_step(self, value):
        """Return the id of the step whose messages are meant; one that is gone does not start."""
        known = is_link(value, "step") and isinstance(value["step"], str) and self.steps.get(value["step"])
        return known.id if known else GONE

    def _get_step(self, key):
        step = self.steps.get(key) if isinstance(key, str) else None
        if not step:
            raise UserError(_("The file names a step that it does not have."))
        return step

    def _get_branch(self, place):
        if not isinstance(place, list) or len(place) != 2 or type(place[1]) is not int:
            raise UserError(_("The file names a step that it does not have."))
        branches = self._get_step(place[0]).branch_ids.sorted()
        if not 0 <= place[1] < len(branches):
            raise UserError(_("The file names a step that it does not have."))
        return branches[place[1]]

    # ------------------------------------------------------------
    # Messages
    # ------------------------------------------------------------

    def _get_mailing(self, number):
        """Return the id of a template, which is made for the first step that has it."""
        if number is None:
            return False
        if number not in self.mailings:
            self.mailings[number] = self._make_mailing(self.part.mailings[number])
        return self.mailings[number].id

    def _make_mailing(self, part):
        model = self.env["mailing.mailing"]
        values, _later = self._read_values(model, part.values)
        bodies = {fname: values[fname] for fname in BODIES if FILE_PLACE.search(values.get(fname) or "")}
        mailing = model.create(
            {
                **values,
                **{fname: FILE_PLACE.sub(r"\g<1>0", body) for fname, body in bodies.items()},
                "use_in_marketing_automation": True,
                "mailing_model_id": self.env["ir.model"]._get_id(self.target),
            }
        )
        files = {}
        attached = [self._make_file(number, mailing, files) for number in part.attachments]
        written = {fname: self._show_images(body, mailing, files) for fname, body in bodies.items()}
        if any(attached):
            written["attachment_ids"] = [Command.set([file.id for file in attached if file])]
        if written:
            mailing.write(written)
        return mailing

    def _show_images(self, body, mailing, files):
        def show(match):
            number = int(match[2])
            file = self._make_file(number, mailing, files) if number < len(self.part.files) else None
            return f"{match[1]}{file.id if file else 0}"

        def sign(match):
            file = self.env["ir.attachment"].browse(int(match[2])).exists()
            return match[0] + file.generate_access_token()[0] if file in files.values() else match[0]

        return TOKEN_PLACE.sub(sign, FILE_PLACE.sub(show, body))

    def _make_file(self, number, mailing, files):
        """Return a file of a template, which is made once; None for one that was too large to be exported."""
        part = self.part.files[number]
        if part.content is None:
            self.made.note(
                _(
                    "“%(file)s” of “%(template)s” was too large to be exported: attach it again.",
                    file=part.name,
                    template=mailing.subject,
                )
            )
            return None
        if number not in files:
            files[number] = self.env["ir.attachment"].create(
                {
                    "name": part.name,
                    "raw": part.content,
                    "mimetype": part.mimetype or False,
                    "res_model": mailing._name,
                    "res_id": mailing.id,
                }
            )
        return files[number]

    # ------------------------------------------------------------
    # Server actions
    # ------------------------------------------------------------

    def _get_action(self, number):
        """Return the id of a server action, which is made for the first step that has it, where the user may."""
        if number is None:
            return False
        if number not in self.actions:
            self.actions[number] = self._make_action(self.part.actions[number])
        return self.actions[number]

    def _make_action(self, part, parent=None):
        actions = self.env[ACTIONS]
        if part.shipped:
            shipped = self.env["marketing.campaign"]._get_template_actions()
            if part.shipped in shipped and self.target == shipped[part.shipped]()["model"]:
                return actions._get_marketing_shipped(part.shipped).id
        if part.record is not None:
            return self._read_action_link(part.record)
        name = part.values.get("name")
        name = name if isinstance(name, str) else "?"
        if part.shipped or part.withheld or not part.values or not actions.has_access("create"):
            return self._choose_action(name)
        values, _later = self._read_values(actions, part.values)
        state = values.get("state")
        if state not in actions._get_moving_kinds():
            return self._choose_action(name)
        if state == "webhook":
            self.made.note(_("The server action “%s” calls an address that the file does not have: enter it.", name))
        action = actions.create(
            {
                **values,
                "model_id": self.env["ir.model"]._get_id(self.target),
                "usage": "marketing_automation",
                **({"parent_id": parent} if parent else {}),
            }
        )
        for child in part.children:
            self._make_action(child, action.id)
        return action.id

    def _read_action_link(self, number):
        reference = self.finder.get_reference(number)
        found = self.finder.find(number) if reference.model == ACTIONS else False
        return found if found and self._suits(self.env[ACTIONS].browse(found)) else False

    def _suits(self, action):
        return action.exists() and action.has_access("read") and action.sudo().model_id.model == self.target

    def _choose_action(self, name):
        """Return the id of the server action that was chosen for one that the user may not make, or False."""
        key = f"{ACTIONS} {self.target} {name}"
        text = _(
            "Server action “%s”: you may not make it, or the file does not have all of it. Its step has none.",
            shorten(name),
        )
        self.made.choices[key] = text, ACTIONS, False
        chosen = self.env[ACTIONS].browse(self.chosen.get(key) or [])
        if not chosen:
            return False
        if not self._suits(chosen):
            raise UserError(_("The server action that you chose for “%s” is for other records.", shorten(name)))
        return chosen.id
