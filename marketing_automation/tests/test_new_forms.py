from lxml import html

from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .test_template_texts import NoviceCase

LOG = "odoo.domains"  # warns of records that are not saved in a domain


@tagged("post_install", "-at_install")
class TestNewForms(NoviceCase):
    """What is typed into a form that is not saved yet."""

    def _open(self, model, view, **defaults):
        context = {f"default_{name}": value for name, value in defaults.items()}
        return Form(self.env[model].with_user(self.novice).with_context(**context), f"marketing_automation.{view}")

    def test_a_new_campaign_asks_for_no_record_that_is_not_there(self):
        with self.assertNoLogs(LOG, "WARNING"):
            form = self._open("marketing.campaign", "marketing_campaign_view_form")
            form.name = "Autumn"
            for model in ("mailing.contact", "res.partner"):
                form.model_id = self.env["ir.model"]._get(model)
            form.domain = repr([("category_id", "in", self.category.ids)])
            form.unique_by = "email"
            form.leave_on_mismatch = False
            form.save()

    def test_a_new_activity_asks_for_no_record_that_is_not_there(self):
        campaign = self._create_campaign_of_novice()
        parent, _template = self._create_email_of_novice(campaign)
        with self.assertNoLogs(LOG, "WARNING"):
            form = self._open("marketing.activity", "marketing_activity_view_form", campaign_id=campaign.id)
            form.name = "Act"
            for activity_type, _label in self.env["marketing.activity"]._fields["activity_type"].selection:
                form.activity_type = activity_type
            form.trigger_type = "mail_not_click"
            form.parent_id = parent
            form.activity_domain = repr([("name", "=", "Ada")])
            form.validity_duration = True

    def test_a_draft_explains_what_its_audience_is(self):
        """Without a condition, all are taken; and what becomes of whoever no longer matches is said, either way."""
        [view] = self.env["marketing.campaign"].with_user(self.novice).get_views([(False, "form")])["views"].values()
        [all_records] = html.fromstring(view["arch"]).xpath("//div[@name='no_condition']")
        condition = all_records.get("invisible")
        for domain, is_hidden in (("[]", False), (False, False), ("[('name', '=', 'Ada')]", True)):
            values = {"state": "draft", "model_name": "res.partner", "domain": domain}
            self.assertEqual(safe_eval(condition, values), is_hidden, domain)
        leaving = html.fromstring(view["arch"]).xpath("//div[field[@name='leave_on_mismatch']]/div/@invisible")
        self.assertEqual(leaving, ["not leave_on_mismatch", "leave_on_mismatch"])
