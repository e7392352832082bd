"""The models of campaigns whose values and names are guarded.

The mixins come first here, so that values are checked before any other code of these models sees them: this file
is imported last.
"""

from odoo import models

GUARDS = ["marketing.checked.mixin", "marketing.private.name.mixin"]


class MarketingCampaign(models.Model):
    _name = "marketing.campaign"
    _inherit = [*GUARDS, "marketing.campaign"]


class MarketingActivity(models.Model):
    _name = "marketing.activity"
    _inherit = [*GUARDS, "marketing.activity"]


class MarketingActivityBranch(models.Model):
    _name = "marketing.activity.branch"
    _inherit = [*GUARDS, "marketing.activity.branch"]


class MarketingEntry(models.Model):
    _name = "marketing.entry"
    _inherit = [*GUARDS, "marketing.entry"]


class MarketingParticipant(models.Model):
    _name = "marketing.participant"
    _inherit = [*GUARDS, "marketing.participant"]


class MarketingEntryCall(models.Model):
    _name = "marketing.entry.call"
    _inherit = [*GUARDS, "marketing.entry.call"]


class MarketingEntryRequest(models.Model):
    _name = "marketing.entry.request"
    _inherit = [*GUARDS, "marketing.entry.request"]


class MarketingTrace(models.Model):
    _name = "marketing.trace"
    _inherit = [*GUARDS, "marketing.trace"]


class MarketingTraceEvent(models.Model):
    _name = "marketing.trace.event"
    _inherit = [*GUARDS, "marketing.trace.event"]


class MarketingTraceFigure(models.Model):
    _name = "marketing.trace.figure"
    _inherit = [*GUARDS, "marketing.trace.figure"]


class MarketingTraceReport(models.Model):
    _name = "marketing.trace.report"
    _inherit = [*GUARDS, "marketing.trace.report"]


class MarketingStepReport(models.Model):
    _name = "marketing.step.report"
    _inherit = [*GUARDS, "marketing.step.report"]


class MarketingCohortReport(models.Model):
    _name = "marketing.cohort.report"
    _inherit = [*GUARDS, "marketing.cohort.report"]


class MarketingDeliveryReport(models.Model):
    _name = "marketing.delivery.report"
    _inherit = [*GUARDS, "marketing.delivery.report"]


class MailingMailing(models.Model):
    _name = "mailing.mailing"
    _inherit = ["marketing.private.name.mixin", "mailing.mailing"]
