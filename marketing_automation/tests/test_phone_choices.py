import re

from lxml import etree

from odoo.tests import tagged

from .common import MarketingAutomationCommon

FORMS = (
    *("marketing.campaign", "marketing.activity", "marketing.campaign.test", "marketing.campaign.enroll"),
    "marketing.sample",
)
REF = re.compile(r"'(kanban_view_ref)': '([^']+)'")


@tagged("post_install", "-at_install")
class TestPhoneChoices(MarketingAutomationCommon):
    """On a phone a record is chosen among cards."""

    def test_cards_show_nothing_that_a_marketer_may_not_read(self):
        values = {"state": "object_write", "code": False, "update_path": "ref", "value": "T"}
        self._create_server_action(name="Write", **values)
        self._create_email(self._create_campaign(), "Welcome")
        seen = set()
        for model in FORMS:
            form = self.env[model].with_user(self.marketer)
            for node in etree.fromstring(form.get_view(view_type="form")["arch"]).iterfind(".//field"):
                field = form._fields.get(node.get("name"))
                if field is None or field.type != "many2one" or field.readonly or node.get("readonly") == "1":
                    continue
                references = dict(REF.findall(node.get("context", "")))
                cards = form.env[field.comodel_name].with_context(**references)
                arch = etree.fromstring(cards.get_view(view_type="kanban")["arch"])
                shown = {card.get("name"): {} for card in arch.iterfind(".//field")}
                for name in shown:
                    if cards._fields[name].relational:
                        shown[name] = {"fields": {"display_name": {}}}
                self.env.invalidate_all()  # what others have read
                with self.subTest(field=f"{model}.{field.name}"):
                    cards.web_search_read([], shown)
                seen.add(field.name)
        self.assertLessEqual({"mass_mailing_id", "server_action_id", "campaign_id", "mailing_filter_id"}, seen)
