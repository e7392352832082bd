"""Somebody registers for an event, or attends it."""

from odoo import _, api, models
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ...engine.event_kinds import Email, EventKind, Happening, Link, make_subject_form

_lt = LazyTranslate(__name__)

# Who booked may have done so for others: each attendee has an address of their own
WAYS = (Link("res.partner", "partner_id", email="email"), Email("email"))
EVENT = (_lt("Event"), _lt("Any event"))
REGISTERED = EventKind(
    "registered",
    _lt("Somebody registers for an event"),
    hint=_lt("The attendee enters, not who booked for them"),
    icon="fa-ticket",
    model="event.registration",
    subject="event.event",
    happens=(Happening(field="state", becomes=("open",)),),
    ways=WAYS,
    settings={"record": "event_record_id"},
    form=make_subject_form(*EVENT),
    form_texts=EVENT,
)
ATTENDED = EventKind(
    "attended",
    _lt("Somebody attends an event"),
    hint=_lt("Their registration is marked as attended, at the door or later"),
    icon="fa-check-square-o",
    model="event.registration",
    subject="event.event",
    happens=(Happening(field="state", becomes=("done",)),),
    ways=WAYS,
    settings={"record": "event_record_id"},
    form=make_subject_form(*EVENT),
    form_texts=EVENT,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_registered(self):
        return REGISTERED

    @api.model
    def _describe_event_attended(self):
        return ATTENDED

    @api.model
    def _words_event_registered(self, settings):
        name = self._get_subject_name(settings)
        return _("Registered for “%s”", name) if name else _("Registered for an event")

    @api.model
    def _words_event_attended(self, settings):
        name = self._get_subject_name(settings)
        return _("Attended “%s”", name) if name else _("Attended an event")

    @api.model
    def _find_kind_problems_event_registered(self, settings, model):
        return self._find_subject_problems(settings, model.env)

    @api.model
    def _find_kind_problems_event_attended(self, settings, model):
        return self._find_subject_problems(settings, model.env)

    @api.model
    def _domain_event_registered(self, settings):
        return self._get_registration_domain(settings, ("open", "done"))

    @api.model
    def _domain_event_attended(self, settings):
        return self._get_registration_domain(settings, ("done",))

    @api.model
    def _get_registration_domain(self, settings, states):
        """Return which registrations count: one that is cancelled before it is looked at brings nobody in."""
        domain = Domain("state", "in", states) & Domain("active", "=", True)
        return domain & Domain("event_id", "=", settings["record"]) if settings.get("record") else domain
