from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import MarketingAutomationCommon


@tagged("post_install", "-at_install")
class TestPalette(MarketingAutomationCommon):
    """What the workflow offers to add, and where."""

    def test_all_types_in_groups_and_words(self):
        palette = self.env["marketing.activity"].with_user(self.marketer).get_palette()
        types = {offered["type"]: offered for offered in palette}
        names = {name for name, _label in self.env["marketing.activity"]._fields["activity_type"].selection}
        self.assertEqual(set(types), names - {"missing"})
        self.assertEqual(types["email"]["group_label"], "Messages")
        self.assertEqual(types["condition"]["group_label"], "Logic")
        self.assertTrue(all(offered["label"] and offered["icon"] for offered in palette))
        groups = [offered["group"] for offered in palette]
        self.assertEqual(
            list(dict.fromkeys(groups)), [name for name in ("message", "logic", "record", "team") if name in groups]
        )
        in_record = [offered["type"] for offered in palette if offered["group"] == "record"]
        self.assertEqual(in_record[-1], "action", "what an administrator has to prepare comes last")

    def test_each_of_our_types_says_what_it_is_for(self):
        model = self.env["marketing.activity"]
        for name, described in model._get_described_types().items():
            module = getattr(type(model), f"_describe_type_{name}").__module__
            if name != "missing" and module.startswith("odoo.addons.marketing_automation."):
                self.assertTrue(described.hint, name)

    def test_it_is_for_those_who_have_campaigns(self):
        stranger = new_test_user(self.env, login="stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["marketing.activity"].with_user(stranger).get_palette()

    def test_ways_of_a_condition(self):
        campaign = self._create_campaign()
        condition = self._create_activity(campaign, "One of us", "condition", "begin", None)
        tag = self._create_action(campaign, "Tag", "cond_no", condition)
        cards = {card["name"]: card for card in campaign.get_workflow_cards()["cards"]}
        self.assertEqual(
            [(way["key"], way["branch"], way["label"]) for way in cards["One of us"]["ways"]],
            [("cond_yes", "yes", "Yes"), ("cond_no", "no", "No"), ("activity", None, "Either way")],
        )
        self.assertEqual(cards["Tag"]["way"], "cond_no")
        self.assertEqual([way["key"] for way in tag._get_ways()], ["activity"])

    def test_ways_of_a_wait(self):
        """Nobody runs out of a time that has no end: that way is shown only where a step follows it."""
        campaign = self._create_campaign()
        wait = self._create_activity(campaign, "Until Tuesday", "wait", "begin", None, wait_type="weekday")

        def ways():
            cards = {card["name"]: card for card in campaign.get_workflow_cards()["cards"]}
            return [(way["key"], way["label"]) for way in cards["Until Tuesday"]["ways"]]

        self.assertEqual(ways(), [("wait_done", "Done"), ("activity", "Either way")])
        wait.wait_limit_number = 4
        self.assertEqual(ways()[1], ("wait_timeout", "Timeout"))
        late = self._create_action(campaign, "Remind", "wait_timeout", wait)
        self.assertEqual(late._get_badge()[0], "Timeout · at once")
        wait.wait_limit_number = 0
        self.assertEqual(ways()[1], ("wait_timeout", "Timeout: never, without a limit"))
        self.assertEqual(late._get_badge(), ("Timeout: never, without a limit", "negative"))
        self.assertEqual(late._get_way(), "wait_timeout")

    def test_ways_of_a_split(self):
        """Each branch is a way, and a step on it knows by which it follows."""
        campaign = self._create_campaign()
        split = self._create_activity(campaign, "Two of them", "split", "begin", None)
        first, second = split.branch_ids
        tag = self._create_action(campaign, "Tag", "branch", split, branch_id=second.id)
        ways = split._get_ways()
        self.assertEqual(
            [(way["label"], way["values"]) for way in ways if way["branch"]],
            [
                (first.name, {"branch_id": first.id}),
                (second.name, {"branch_id": second.id}),
            ],
        )
        self.assertEqual(tag._get_way(), ways[1]["key"])
        copy = split.action_paste(campaign.id)
        [copied] = self.env["marketing.activity"].browse(copy).child_ids
        self.assertEqual(copied.branch_id, copied.parent_id.branch_ids[1])
        moved = split._get_way_values(ways[0]["key"])
        self.assertEqual(moved, {"trigger_type": "branch", "branch_id": first.id})
