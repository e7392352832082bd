"""Somebody answers a survey to its end; who tries it out does not count."""

from odoo import _, api, models
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ...engine.event_kinds import Email, EventKind, Happening, Link, make_subject_form

_lt = LazyTranslate(__name__)

SURVEY = (_lt("Survey"), _lt("Any survey"))
ANSWERED = EventKind(
    "answered",
    _lt("A survey is answered"),
    hint=_lt("Filled in to the end, by somebody who is known or gives an email address"),
    icon="fa-check-circle",
    model="survey.user_input",
    subject="survey.survey",
    happens=(Happening(field="state", becomes=("done",)),),
    ways=(Link("res.partner", "partner_id"), Email("email")),
    settings={"record": "event_record_id"},
    form=make_subject_form(*SURVEY),
    form_texts=SURVEY,
)


class MarketingEntry(models.Model):
    _inherit = "marketing.entry"

    @api.model
    def _describe_event_answered(self):
        return ANSWERED

    @api.model
    def _words_event_answered(self, settings):
        name = self._get_subject_name(settings)
        return _("Answered the survey “%s”", name) if name else _("Answered a survey")

    @api.model
    def _find_kind_problems_event_answered(self, settings, model):
        return self._find_subject_problems(settings, model.env)

    @api.model
    def _domain_event_answered(self, settings):
        domain = Domain("test_entry", "=", False)
        return domain & Domain("survey_id", "=", settings["record"]) if settings.get("record") else domain
