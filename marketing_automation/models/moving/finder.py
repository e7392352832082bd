"""The records of this database that a file of campaigns names, as its user may see them."""

from dataclasses import dataclass, field

from odoo import _
from odoo.exceptions import UserError

from ..guards.marketing_checked_mixin import MAX_INTEGER, shorten

GONE = MAX_INTEGER  # the id of nothing: a filter that names it does not start before another record is chosen


@dataclass
class Made:
    """What came of a file.

    :param list campaigns: pairs of a campaign of the file, and the draft or the reason why there is none
    :param dict choices: for what another record may be chosen: sentence, model and proposed id, by the number of its
        name, or by what names a server action
    :param dict notes: further sentences, in their order
    """

    campaigns: list = field(default_factory=list)
    choices: dict = field(default_factory=dict)
    notes: dict = field(default_factory=dict)

    def note(self, text):
        self.notes[text] = True


class RecordFinder:
    """Finds records by their names, and says which are not here.

    :param env: of the user
    :param references: of the file
    :param dict chosen: see CampaignMaker
    :param Made made: where it is said
    """

    def __init__(self, env, references, chosen, made):
        self.env = env
        self.references = references
        self.chosen = chosen
        self.made = made
        self.found = {}

    def get_reference(self, number):
        if type(number) is not int or not 0 <= number < len(self.references):
            raise UserError(_("The file names a record that it does not have."))
        return self.references[number]

    def get_id(self, number):
        """Return the id that stands in a filter for a record."""
        self.get_reference(number)
        return self.find(number) or GONE

    def find(self, number):
        """Return the id of the record that a name means here, or False; what does not fit is said."""
        reference = self.get_reference(number)
        if number not in self.found:
            self.found[number] = self._look(reference)
        record, several = self.found[number]
        if number in self.chosen:
            model = self.env.get(reference.model)
            record = model.browse(self.chosen[number] or []).exists()._filtered_access("read")
        if not record or several or number in self.chosen:
            self._ask(number, reference, several)
        return record.id if record else False

    def _ask(self, number, reference, several):
        model = self.env.get(reference.model)
        names = {
            "name": shorten(reference.name or reference.key or "?"),
            "model": model._description if model is not None else reference.model,
        }
        if model is None or reference.key:
            self.made.note(_("%(model)s “%(name)s” is not here: it is left empty.", **names))
        elif several:
            text = _("%(model)s “%(name)s”: there are several, this is the first.", **names)
            self.made.choices[number] = text, model._name, self.found[number][0].id
        else:
            text = (
                _("%(model)s “%(name)s” is not here, or you may not see it.", **names)
                if reference.name
                else _("%(model)s: one that was deleted, or that whoever exported it could not see.", **names)
            )
            self.made.choices[number] = text, model._name, False

    def _look(self, reference):
        """Return the record that a name means, and whether others have it, too."""
        model = self.env.get(reference.model)
        if model is None or model._abstract or model._transient:
            return None, False
        if reference.key:
            return self._look_up(reference), False
        if not model.has_access("read"):
            return model.browse(), False
        if reference.xmlid:
            record = self.env.ref(reference.xmlid, raise_if_not_found=False)
            if record and record._name == model._name and record._filtered_access("read"):
                return record, False
        named = model._fields.get(model._rec_name)
        if not reference.name or not named or named.type != "char" or not model._has_field_access(named, "read"):
            return model.browse(), False
        found = model.search([(named.name, "=", reference.name)], order="id", limit=2)
        return found[:1], len(found) > 1

    def _look_up(self, reference):
        """Return a model, a field or a value of a field by its technical name: every form tells which there are."""
        keys = reference.key.split(",", 2)
        if reference.model == "ir.model" and len(keys) == 1:
            return self.env["ir.model"]._get(keys[0])
        if reference.model == "ir.model.fields" and len(keys) == 2:
            return self.env["ir.model.fields"]._get(*keys)
        if reference.model == "ir.model.fields.selection" and len(keys) == 3:
            fields = self.env["ir.model.fields"]._get(*keys[:2]).sudo()
            return fields.selection_ids.filtered(lambda choice: choice.value == keys[2]).sudo(False)
        return None
