"""What a file has of campaigns: their values, with names in place of ids. See :mod:`.engine.campaign_file`."""

import base64
import re
from contextlib import suppress

from odoo.modules.module import Manifest

from ...engine.campaign_file import FORMAT, MOST_FILE_BYTES, VERSION, is_path
from ...engine.filter_ids import name_ids
from ..dependencies.mailing_files import BODIES, FILE_URL

OURS = "marketing_automation"
TOKEN = re.compile(r"(access_token=)[0-9A-Za-z-]+")
# The names of records that nobody gave them, and that hold their ids
MADE_NAMES = ("__export__.", "__import__.")
BY_KEY = {
    "ir.model": ("model",),
    "ir.model.fields": ("model", "name"),
    "ir.model.fields.selection": ("field_id.model", "field_id.name", "value"),
}


class CampaignWriter:
    """Writes campaigns as their user sees them."""

    def __init__(self, campaigns):
        self.campaigns = campaigns
        self.env = campaigns.env
        self.references = []
        self.numbers = {}
        self.file_bytes = 0
        self.defaults = {}

    def write_file(self):
        """Return what the file says.

        :rtype: dict
        """
        campaigns = [self._write_campaign(campaign) for campaign in self.campaigns]
        return {
            "format": FORMAT,
            "version": VERSION,
            "release": Manifest.for_addon(OURS)["version"],
            "references": self.references,
            "campaigns": campaigns,
        }

    def _write_campaign(self, campaign):
        self.target = campaign.model_name
        steps = self._order(campaign)
        self.keys = {step.id: str(number) for number, step in enumerate(steps, 1)}
        mailings, actions, self.files = {}, {}, {}
        activities = [self._write_activity(step, mailings, actions) for step in steps]
        return {
            "target": self.target,
            "target_name": campaign.model_id.sudo().name or self.target,
            "values": self._write_values(campaign),
            "entries": [{"values": self._write_values(entry)} for entry in campaign.entry_ids],
            "activities": activities,
            "mailings": [self._write_mailing(mailing) for mailing in mailings],
            "actions": [self._write_action(action) for action in actions],
            "files": [self._write_file(file) for file in self.files],
        }

    def _order(self, campaign):
        """Return the steps of a campaign, those above before those below; what hangs on an archived one is left out."""
        steps, children = [], campaign.marketing_activity_ids.grouped("parent_id")
        ready = list(children.get(self.env["marketing.activity"], ()))
        while ready:
            step = ready.pop(0)
            steps.append(step)
            ready += children.get(step, ())
        return steps

    def _write_activity(self, step, mailings, actions):
        mailing, action = step.mass_mailing_id, step.server_action_id
        return {
            "key": self.keys[step.id],
            "parent": self.keys.get(step.parent_id.id),
            "values": self._write_values(step),
            "branches": [{"values": self._write_values(branch)} for branch in step.branch_ids],
            "mailing": mailings.setdefault(mailing, len(mailings)) if mailing else None,
            "action": actions.setdefault(action, len(actions)) if action else None,
        }

    def _write_mailing(self, mailing):
        attachments = [self._number_file(file) for file in mailing.attachment_ids._filtered_access("read")]
        images = mailing._get_image_attachments().sudo(False)._filtered_access("read")
        values = self._write_values(mailing)
        for fname in BODIES:
            if values.get(fname):
                values[fname] = self._name_images(values[fname], images)
        return {"values": values, "attachments": attachments}

    def _name_images(self, body, images):
        """Return a text that shows the images of the file; those that the user may not read are of nobody."""

        def name(match):
            file_id = int(match[2])
            image = images.filtered(lambda file: file.id == file_id)
            return f"{match[1]}file_{self._number_file(image)}" if image else f"{match[1]}0"

        # an address of this database's own becomes one of that into which it comes
        body = body.replace(f'"{self.campaigns.browse().get_base_url()}/web/', '"/web/')
        return TOKEN.sub(r"\1", FILE_URL.sub(name, body))

    def _number_file(self, file):
        return self.files.setdefault(file, len(self.files))

    def _write_file(self, file):
        content = file.raw or b""
        fits = self.file_bytes + len(content) <= MOST_FILE_BYTES
        self.file_bytes += len(content) * fits
        name = re.sub(r"[/\\\x00-\x1f]", "_", file.name or "")
        return {
            "name": "file" if is_path(name) else name,
            "mimetype": file.mimetype or "",
            "content": base64.b64encode(content).decode() if fits else None,
        }

    def _write_action(self, action):
        """Write an action with all that it does, or, where the user may not see all of it, its name alone."""
        if not action.has_access("read"):
            return {"values": {}, "withheld": True}
        # sudo: which campaign template it came with is the engine's own mark
        if action._is_marketing_shipped():
            return {"values": {"name": action.name}, "shipped": action.sudo().marketing_shipped_key}
        if action.usage != "marketing_automation":  # it was not made for this campaign: another one may be chosen
            return {"values": {"name": action.name}, "record": self._refer(action)}
        names = action._get_moving_names()
        hidden = names is None or not all(action._has_field_access(action._fields[name], "read") for name in names)
        if hidden or action.group_ids - action.group_ids._filtered_access("read"):  # whom it is for, too
            return {"values": {"name": action.name}, "withheld": True}
        written = {"values": self._write_values(action, names)}
        if action.state == "multi":
            written["children"] = [self._write_action(child) for child in action.child_ids.sorted()]
        return written

    # ------------------------------------------------------------
    # Values
    # ------------------------------------------------------------

    def _write_values(self, record, names=None):
        """Return the values of a record; what is empty, as in a new one, is left out.

        :param names: of its fields; by default all that move
        """
        model = record.browse()
        if model._name not in self.defaults:
            moving = model._get_moving_fields()
            self.defaults[model._name] = moving, model.default_get(moving)
        moving, defaults = self.defaults[model._name]
        values = {}
        for fname in names or moving:
            if not record._has_field_access(record._fields[fname], "read"):
                continue
            value = self._write_value(record, fname)
            # of a companion addon, which may be missing elsewhere: what it is for alone
            added = record._fields[fname]._modules[0] not in (OURS, record._original_module)
            if (value or defaults.get(fname)) and not (added and value == defaults.get(fname)):
                values[fname] = value
        return values

    def _write_value(self, record, fname):
        field, value = record._fields[fname], record[fname]
        write = getattr(self, f"_write_{field.type}", None)
        if write:
            return write(record, fname, value)
        if value is False and field.type != "boolean":
            return None
        return value

    def _write_char(self, record, fname, value):
        if value and record._is_moving_filter(fname):
            model = record._get_moving_model(fname, record.__getitem__, self.target)
            with suppress(ValueError):  # one that cannot be read says nothing there either
                return name_ids(value, model, self._find_linked_model, self._name_id)
        return value or None

    def _write_html(self, record, fname, value):
        return str(value) if value else None

    _write_date = _write_datetime = _write_html

    def _write_many2one(self, record, fname, value):
        if not value:
            return None
        if value._name == "marketing.activity":
            return {"step": self.keys[value.id]} if value.id in self.keys else None
        if value._name == "marketing.activity.branch":
            return self._write_branch(value)
        return {"ref": self._refer(value)}

    def _write_branch(self, branch):
        step = branch.activity_id
        return {"branch": [self.keys[step.id], step.branch_ids.ids.index(branch.id)]} if step.id in self.keys else None

    def _write_reference(self, record, fname, value):
        return {"ref": self._refer(value)} if value else None

    def _write_many2many(self, record, fname, value):
        return [{"ref": self._refer(linked)} for linked in value]

    def _write_many2one_reference(self, record, fname, value):
        model = record[record._fields[fname].model_field]
        return {"ref": self._name_id(model, value)} if value and model in self.env else None

    def _write_json(self, record, fname, value):
        if fname.endswith("_behavior"):
            return self._write_behaviour(value)
        model = record._get_moving_model(fname, record.__getitem__, self.target)
        if not model or not value:
            return value or None
        if isinstance(value, list):
            return [{"ref": self._name_id(model, part)} if type(part) is int else part for part in value]
        return {"ref": self._name_id(model, value)} if type(value) is int else value

    def _write_behaviour(self, value):
        """Return a behaviour that names the steps whose messages it is about."""
        if not isinstance(value, dict) or not value.get("lines"):
            return None
        lines = [
            {**line, "activity": {"step": self.keys.get(line["activity"], "-")}} if line.get("activity") else line
            for line in value["lines"]
        ]
        return {**value, "lines": lines}

    # ------------------------------------------------------------
    # Names
    # ------------------------------------------------------------

    def _find_linked_model(self, model, path):
        """Return the model whose ids a condition compares, or None."""
        *way, name = path.split(".")
        for step in [*way, name]:
            if model not in self.env:
                return None
            field = self.env[model]._fields.get(step)
            if step == "id":
                return model
            if not field or not field.relational:
                return None
            model = field.comodel_name
        return model

    def _name_id(self, model, record_id):
        return self._refer(self.env[model].browse(record_id))

    def _refer(self, record):
        """Return the number of the name of a record."""
        if record not in self.numbers:
            self.numbers[record] = len(self.references)
            self.references.append(self._describe(record))
        return self.numbers[record]

    def _describe(self, record):
        described = {"model": record._name, "xmlid": None, "key": None, "name": None}
        if record._name in BY_KEY:
            record = record.sudo().exists()  # which models and fields there are is no secret: every form tells
            if record:
                key = ",".join(record.mapped(path)[0] for path in BY_KEY[record._name])
                described.update(key=key, name=record.display_name)
            return described
        if len(record.exists()._filtered_access("read")) != 1:
            return described
        xmlid = record.get_external_id()[record.id]
        rec_name = record._rec_name
        field = record._fields.get(rec_name)
        named = field and field.type == "char" and record._has_field_access(field, "read")
        name = (record[rec_name] if named else None) or record.display_name or ""
        described.update(
            xmlid=xmlid if xmlid and not xmlid.startswith(MADE_NAMES) else None,
            name=name[:1_000].replace("\0", ""),
        )
        return described
