from odoo.addons.marketing_automation.tests.common import MarketingAutomationCommon


class PathsCase(MarketingAutomationCommon):
    """Campaigns with steps that choose a branch, and that send back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()  # what the actions do is done in their name

    def _get_visits(self, activity, record):
        """Return the state of each visit of a record to a step, in order."""
        traces = activity.sudo().trace_ids.filtered(lambda trace: trace.res_id == record.id)
        return traces.sorted("visit").mapped(lambda trace: (trace.visit, trace.state))
