import base64
import json
import os
import random
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from ..engine.campaign_file import CampaignFileError, read_campaign_file
from ..models.moving.maker import NOBODY, CampaignMaker
from .accounts import CONTACTS, SYSTEM, USER
from .common import MarketingAutomationCommon
from .moving_samples import CampaignSamples
from .test_files import PIXEL

DATA = Path(__file__).parent / "data"
EXAMPLES = int(os.environ.get("MARKETING_EXAMPLES", "20"))


class MovingCase(MarketingAutomationCommon):
    """Campaigns that go into a file, and come out of it."""

    def _export(self, campaigns, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return json.loads(campaigns.with_user(user or self.marketer)._export_file())

    def _import(self, data, user=None, choices=()):
        """Make what a file says; :return: the drafts, and what came of it"""
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        made = CampaignMaker(self.env(user=user or self.marketer), read_campaign_file(content), choices).make()
        drafts = [draft for _part, draft in made.campaigns if not isinstance(draft, str)]
        return self.env["marketing.campaign"].concat(*drafts), made

    def _assert_comes_back(self, campaigns, user=None):
        user = user or self.marketer
        data = self._export(campaigns, user)
        drafts, made = self._import(data, user)
        self.assertEqual([draft for _part, draft in made.campaigns if isinstance(draft, str)], [])
        self.assertEqual(len(drafts), len(campaigns))
        again = self._export(drafts, user)
        self.assertEqual(again, data)
        return drafts, made

    def _dialog(self, content, user=None):
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        wizard = self.env["marketing.campaign.import"].with_user(user or self.marketer)
        return wizard.create({"file": base64.b64encode(content), "file_name": "campaigns.json"})


@tagged("post_install", "-at_install")
class TestMoving(MovingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # who may write server actions, and change contacts
        cls.editor = new_test_user(cls.env, login="mover", name="Mo", groups=f"{USER},{CONTACTS},{SYSTEM}")

    # ------------------------------------------------------------
    # There and back
    # ------------------------------------------------------------

    def test_the_templates_of_the_library(self):
        library = self.env["marketing.campaign"].with_user(self.marketer)
        ids = [library.create_from_template(card["key"])["res_id"] for card in library.get_campaign_templates()]
        self._assert_comes_back(library.browse(ids))

    def test_generated_campaigns(self):
        samples = CampaignSamples(self, random.Random(27))
        campaigns = self.env["marketing.campaign"].concat(*(samples.make(number) for number in range(EXAMPLES)))
        self._assert_comes_back(campaigns, self.editor)

    def test_images_and_attachments(self):
        """They are in the file, without the tokens by which they are shown, and are the draft's own."""
        campaign = self._create_campaign(name="With files")
        body = f'<p>Hi</p><img src="data:image/png;base64,{PIXEL}"/><a href="/unsubscribe_from_list">Unsubscribe</a>'
        template = self._create_email(campaign, "Welcome").mass_mailing_id
        files = [Command.create({"name": "a/price.txt", "raw": b"All we have"})]
        template.write({"attachment_ids": files, "body_html": body, "body_arch": body})
        image = template._get_image_attachments()
        data = self._export(campaign)
        text = json.dumps(data)
        self.assertIn("/web/image/file_1", text)
        self.assertNotIn(image.access_token, text)
        self.assertEqual([file["name"] for file in data["campaigns"][0]["files"]], ["a_price.txt", image.name])
        draft = self._import(data)[0]
        copy = draft.marketing_activity_ids.mass_mailing_id
        self.assertEqual(copy.attachment_ids.raw, b"All we have")
        shown = copy._get_image_attachments()
        self.assertEqual((shown.raw, shown.res_id), (image.raw, copy.id))
        self.assertNotEqual(shown, image)
        self.assertIn(f"?access_token={shown.access_token}", copy.body_html)
        self.assertEqual(self._export(draft)["campaigns"][0]["files"], data["campaigns"][0]["files"])
        with patch("odoo.addons.marketing_automation.models.moving.writer.MOST_FILE_BYTES", 20):
            data = self._export(campaign)
        draft, made = self._import(data)
        self.assertIn(f"“{image.name}” of “Welcome” was too large to be exported: attach it again.", made.notes)
        self.assertEqual(draft.marketing_activity_ids.mass_mailing_id.attachment_ids.mapped("name"), ["a_price.txt"])

    def test_a_kept_file_of_version_1(self):
        """Whatever is in it, later releases make the same of it."""
        content = (DATA / "campaigns-1.json").read_bytes()
        self.env["res.partner.category"].create({"name": "Gold of 2026"})
        drafts, made = self._import(content, self.editor)
        self.assertEqual([draft for _part, draft in made.campaigns if isinstance(draft, str)], [])
        [draft] = drafts
        steps = draft.marketing_activity_ids.sorted("sequence")
        self.assertEqual(draft.state, "draft")
        self.assertEqual(
            steps.mapped(lambda step: (step.name, step.activity_type, step.trigger_type, step.parent_id.name)),
            [
                ("Welcome", "email", "begin", False),
                ("Did they open?", "condition", "activity", "Welcome"),
                ("By chance", "split", "cond_yes", "Did they open?"),
                ("Tag", "action", "branch", "By chance"),
                ("Again", "jump", "cond_no", "Did they open?"),
            ],
        )
        self.assertEqual(steps[4].jump_activity_id, steps[0])
        self.assertEqual(steps[1].condition_behavior["lines"][0]["activity"], steps[0].id)
        self.assertEqual((steps[3].branch_id.name, steps[2].branch_ids.mapped("weight")), ("Left", [70, 30]))
        self.assertEqual(steps[3].server_action_id.code, "record.write({'ref': 'gold'})")
        gold = self.env["res.partner.category"].search([("name", "=", "Gold of 2026")])
        self.assertEqual(draft.domain, f"[('category_id', 'in', [{gold.id}])]")
        self.assertIn("Hello", steps[0].mass_mailing_id.body_html)

    # ------------------------------------------------------------
    # What a file has
    # ------------------------------------------------------------

    def test_each_field_is_exported_or_left_out_with_a_reason(self):
        for name in ("marketing.campaign", "marketing.activity", "marketing.activity.branch", "marketing.entry"):
            model = self.env[name]
            unmoved, users = model._get_unmoved_fields(), model._get_user_fields()
            self.assertLessEqual(set(unmoved), set(users), "fields that are gone")
            self.assertTrue(all(unmoved.values()))
            for fname in model._get_moving_fields():
                field = model._fields[fname]
                # of other types nothing is known: they are to be named as unmoved, or written and read
                self.assertIn(field.type, MOVING_TYPES, f"{name}.{fname}")
                if field.type == "json" and not fname.endswith("_behavior"):
                    self.assertIn(fname, JSON_FIELDS, "does it hold ids? see _get_moving_model")
        self.assertIn("letter", self.env["marketing.activity"]._get_moving_fields(), "of a companion addon")
        for name, unmoved in NOT_MOVED.items():
            model = self.env[name]
            found = {
                fname for fname in model._get_user_fields() if model._fields[fname]._module.startswith(OURS)
            } - set(model._get_moving_fields())
            self.assertEqual(found, unmoved, f"{name}: exported, or stated here")
            self.assertLessEqual(set(model._get_moving_fields()), set(model._fields))

    def test_what_no_file_has(self):
        """No id, no secret, nobody: the file of a campaign that runs tells what it is, not what it did."""
        campaign = self._create_campaign(name="Quiet", entry_ids=[Command.create({"entry_type": "webhook"})])
        email = self._create_email(campaign, "Welcome")
        hook = self._create_server_action(name="Call", state="webhook", webhook_url="https://x.example.com/s3cret")
        self._create_activity(campaign, "Call", "action", "activity", email, server_action_id=hook.id)
        self._start(campaign)
        text = json.dumps(self._export(campaign, self.editor))
        for secret in (campaign.entry_ids.token, "s3cret", "ada@people", "run_as", "unicity_salt", '"id"'):
            self.assertNotIn(secret, text)
        self.assertIn('"name": "Prospect"', text)
        self.assertIn("ref_0", text)
        draft = self._import(json.loads(text), self.editor)[0]
        self.assertEqual((draft.state, draft.entry_ids.entry_type), ("draft", "webhook"))
        self.assertNotEqual(draft.entry_ids.token, campaign.entry_ids.token)

    def test_what_is_too_large_is_not_exported(self):
        campaign = self._create_campaign(name="Large")
        most = patch("odoo.addons.marketing_automation.models.moving.marketing_campaign.MOST_BYTES", 10)
        with most, self.assertRaisesRegex(UserError, "export fewer campaigns at once"):
            campaign._export_file()
        with self.assertRaisesRegex(UserError, "Choose the campaigns"):
            campaign.browse().action_export()

    def test_what_its_exporter_may_not_see(self):
        """A marketer's file has neither code nor hidden records; the step comes without its action, and says so."""
        hidden = self.env["res.partner"].create({"name": "Hidden", "company_id": self._other_company().id})
        campaign = self._create_campaign(name="Narrow", domain=f"[('parent_id', '=', {hidden.id})]")
        self._create_action(campaign, "Act")
        data = self._export(campaign)
        text = json.dumps(data)
        self.assertNotIn("Hidden", text)
        self.assertNotIn("acted", text)
        draft, made = self._import(data)
        self.assertFalse(draft.marketing_activity_ids.server_action_id)
        self.assertEqual(draft.domain, "[('parent_id', '=', 2147483647)]")
        self.assertEqual(len(made.choices), 2)
        with self.assertRaisesRegex(UserError, "was deleted"):  # not a filter that matches everybody
            self._create_action(draft, "More")
            draft.marketing_activity_ids.filtered(lambda step: not step.server_action_id).unlink()
            draft.action_start_campaign()

    def _other_company(self):
        return self.env["res.company"].create({"name": "Elsewhere"})

    # ------------------------------------------------------------
    # What does not fit
    # ------------------------------------------------------------

    def _alter(self, data, **values):
        data["campaigns"][0]["values"].update(values)
        return data

    def test_what_is_not_here(self):
        """Each is said in a line; another record may be chosen, or it is left empty."""
        tag = self.env["utm.tag"].create({"name": "Spring"})
        campaign = self._create_campaign(name="Moving", tag_ids=[Command.set(tag.ids)], user_id=self.editor.id)
        data = self._export(campaign)
        person = self.editor.name
        tag.name = "Autumn"
        self.category.name = "Client"
        self.editor.name = "Somebody else"
        dialog = self._dialog(data)
        dialog.action_preview()
        self.assertFalse(self.env["marketing.campaign"].search([("name", "=", "Moving"), ("id", "!=", campaign.id)]))
        self.assertEqual(dialog.made_text, "“Moving” for “Contact”: 0 step(s), 0 message(s), 0 server action(s)")
        self.assertEqual(
            sorted(dialog.line_ids.mapped("text")),
            [
                "Partner Tags “Prospect” is not here, or you may not see it.",
                "UTM Tag “Spring” is not here, or you may not see it.",
                f"User “{person}” is not here, or you may not see it.",
            ],
        )
        by_model = {line.model_name: line for line in dialog.line_ids}
        by_model["res.partner.category"].resource_ref = self.category
        by_model["utm.tag"].resource_ref = tag
        draft = self.env["marketing.campaign"].browse(dialog.action_import()["res_id"])
        self.assertEqual((draft.domain, draft.tag_ids, draft.user_id.id), (campaign.domain, tag, False))
        with self.assertRaisesRegex(UserError, "is not what is missing"):
            by_model["utm.tag"].resource_ref = self.category

    def test_several_of_one_name(self):
        campaign = self._create_campaign(name="Twins")
        data = self._export(campaign)
        self.env["res.partner.category"].create({"name": "Prospect"})
        drafts, made = self._import(data)
        [(text, model, res_id)] = made.choices.values()
        self.assertIn("there are several", text)
        self.assertEqual((model, res_id, drafts.domain), ("res.partner.category", self.category.id, campaign.domain))

    def test_an_app_or_a_field_that_is_not_here(self):
        campaigns = self._create_campaign(name="A") | self._create_campaign(name="B", domain="[('city', '=', 'Gent')]")
        data = self._export(campaigns)
        data["campaigns"][0]["target"], data["campaigns"][0]["target_name"] = "zoo.animal", "Animal"
        data["campaigns"][1]["values"].update(domain="[('stripes', '>', 3)]", tail="long", priority="striped")
        drafts, made = self._import(data)
        self.assertEqual(drafts.mapped("name"), ["B"])
        self.assertEqual(made.campaigns[0][1], "“Animal” (zoo.animal) is not here: install its app first.")
        self.assertEqual(drafts.domain, NOBODY)
        notes = "\n".join(made.notes)
        for words in (
            "“Filter” does not fit here, and matches nobody",
            "The field “tail”",
            "“striped” is no choice of",
        ):
            self.assertIn(words, notes)
        dialog = self._dialog(data)
        dialog.action_preview()
        self.assertEqual((dialog.made_count, dialog.refused_text.startswith("“A”: “Animal”")), (1, True))

    def test_a_step_of_an_app_that_is_not_here(self):
        campaign = self._create_campaign(name="Steps")
        email = self._create_email(campaign, "Welcome")
        self._create_activity(campaign, "End", "end", "mail_click", email)
        data = self._export(campaign)
        values = [step["values"] for step in data["campaigns"][0]["activities"]]
        values[0]["activity_type"], values[1]["trigger_type"] = "pigeon", "pigeon_lands"
        draft, made = self._import(data)
        self.assertEqual(draft.marketing_activity_ids.mapped("activity_type"), ["missing", "end"])
        self.assertIn("“pigeon” is no choice of “Activity Type” here: its app may not be installed.", made.notes)

    # ------------------------------------------------------------
    # Who may what
    # ------------------------------------------------------------

    def test_code_comes_in_for_those_who_may_write_it(self):
        campaign = self._create_campaign(name="Coded")
        self._create_action(campaign, "Act", code="record.write({'ref': 'x'})")
        data = self._export(campaign, self.editor)
        self.assertIn("record.write", json.dumps(data))
        before = self.env["ir.actions.server"].search_count([])
        draft, made = self._import(data)
        self.assertEqual(self.env["ir.actions.server"].search_count([]), before)
        self.assertFalse(draft.marketing_activity_ids.server_action_id)
        [(key, (text, _model, _id))] = made.choices.items()
        self.assertIn("Server action “Act”: you may not make it", text)
        chosen = self._create_server_action(name="Other")
        draft, _made = self._import(data, choices={key: chosen.id})
        self.assertEqual(draft.marketing_activity_ids.server_action_id, chosen)
        wrong = self._create_server_action(name="Wrong", model_id=self.env["ir.model"]._get_id("mailing.contact"))
        _draft, made = self._import(data, choices={key: wrong.id})
        self.assertIn("is for other records", made.campaigns[0][1])
        draft, _made = self._import(data, self.editor)
        self.assertEqual(draft.marketing_activity_ids.server_action_id.code, "record.write({'ref': 'x'})")

    def test_expressions_are_refused_as_odoo_refuses_them(self):
        campaign = self._create_campaign(name="Expressions")
        self._create_email(campaign, "Welcome")
        data = self._export(campaign)
        values = data["campaigns"][0]["mailings"][0]["values"]
        values["body_html"] = "<p onclick='x()'>Hi<script>x()</script></p>"
        draft = self._import(data)[0]
        self.assertEqual(draft.marketing_activity_ids.mass_mailing_id.body_html, "<p>Hi</p>")
        values["body_html"] = "<p><t t-out='object.env.user.search([])'/></p>"
        drafts, made = self._import(data)
        self.assertFalse(drafts)
        self.assertIn("Mail Template Editor", made.campaigns[0][1])

    def test_hostile_values(self):
        """Whatever stands where, it is refused in words, or made as the user could have made it."""
        campaign = self._create_campaign(name="Good")
        email = self._create_email(campaign, "Welcome")
        self._create_activity(campaign, "Split", "split", "activity", email)
        good = json.dumps(self._export(campaign))

        def count():
            return [self.env[name].search_count([]) for name in ("marketing.campaign", "mailing.mailing")]

        before = count()
        for path, value in HOSTILE:
            data = json.loads(good)
            holder = data["campaigns"][0]
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = value
            try:
                drafts = self._import(data)[0]
            except CampaignFileError as error:
                drafts = None
                self.assertTrue(str(error))
            if not drafts:
                self.assertEqual(count(), before, f"{path}: {value}")
                continue
            self.assertEqual((drafts.state, drafts.run_as_id.id, drafts.workflow), ("draft", False, False))
            before = count()

    def test_over_rpc(self):
        """The dialog is its user's own, does what its user may, and an outsider gets nothing."""
        campaign = self._create_campaign(name="Own")
        data = self._export(campaign)
        for user in (self.user_marketing, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                campaign.with_user(user)._export_file()
            with self.assertRaises(AccessError):
                campaign.with_user(user).action_export()
            with self.assertRaises(AccessError):
                self._dialog(data, user)
        dialog = self._dialog(data)
        with self.assertRaises(AccessError):
            call_kw(dialog.with_user(self.editor), "action_import", [dialog.ids], {})
        for name in ("_make", "_read_file", "_export_file"):
            with self.assertRaises(AccessError):
                call_kw(dialog if name != "_export_file" else campaign, name, [], {})
        # what it shows is forged: it is read again
        dialog.action_preview()
        dialog.write({"made_count": 5, "made_text": "x", "state": "preview"})
        with self.assertRaises(UserError):
            dialog.action_import()
        for content in (b"", b"x", b"[]", b"{}", b"\xff", b'{"format": 1}'):
            with self.assertRaises(UserError):
                self._dialog(content or b" ").action_preview()
        with self.assertRaisesRegex(UserError, "Choose a file first"):
            self.env["marketing.campaign.import"].with_user(self.marketer).create({}).action_preview()
        with self.assertRaises(UserError):
            dialog.write({"file": "no base64"})
            dialog.action_preview()

    def test_another_company(self):
        """Nobody exports campaigns of a company that is not theirs; a draft is of the company of whoever imports."""
        other = self._other_company()
        campaign = self._create_campaign(name="Ours", company_id=self.env.company.id)
        data = self._export(campaign)
        self.assertNotIn(self.env.company.name, json.dumps(data))
        values = {"company_id": other.id, "company_ids": [Command.set(other.ids)]}
        stranger = new_test_user(self.env, login="elsewhere", groups=USER, **values)
        with self.assertRaises(AccessError):
            campaign.with_user(stranger)._export_file()
        draft, _made = self._import(data, stranger)
        self.assertNotEqual(draft.company_id, self.env.company)
        draft.with_user(stranger).check_access("write")


# What may be written and read of a campaign without a method of its own
MOVING_TYPES = {
    *("boolean", "integer", "float", "char", "text", "html", "selection", "date", "datetime", "json"),
    *("many2one", "many2many", "many2one_reference", "reference"),
}
JSON_FIELDS = {"update_value", "event_from", "event_to"}
OURS = "marketing_automation"
# Fields that we add to templates and server actions, and that no file has
NOT_MOVED = {
    "mailing.mailing": {"use_in_marketing_automation"},  # each template of a file is one
    "ir.actions.server": {"usage", "webhook_url"},  # each is one of campaigns; an address may hold a secret
}
VALUES, FIRST = ("values",), ("activities", 0)
HOSTILE = [
    *(
        ((*VALUES, name), value)
        for name in ("state", "run_as_id", "workflow", "utm_campaign_id")
        for value in (1, "running")
    ),
    *(((*VALUES, "user_id"), value) for value in (1, "1", [1], {"ref": "0"}, {"step": "1"}, {"step": []}, True)),
    *(((*VALUES, "tag_ids"), value) for value in ("x", [1], [[6, 0, [1]]], [{"ref": 0}], {"ref": 0}, 5)),
    *(
        ((*VALUES, "domain"), value)
        for value in (5, [], "[", "[('id', '=', ref_99)]", "__import__('os')", "[(1, '=', 1)]")
    ),
    *(
        ((*VALUES, "goal_behavior"), value)
        for value in (5, "x", {"lines": 5}, {"lines": [5]}, {"lines": [{"activity": []}]})
    ),
    *(((*VALUES, "hourly_limit"), value) for value in ("x", [], 10**30, -1, 1.5, {})),
    *(
        ((*FIRST, "values", "branch_id"), value)
        for value in ({"branch": ["2", 0]}, {"branch": 1}, {"branch": ["9", 0]}, 5)
    ),
    *(((*FIRST, "values", "activity_type"), value) for value in (5, [], {}, "missing", True)),
    *(((*FIRST, "values", "campaign_id"), value) for value in (1, {"ref": 0})),
    *(
        ((*FIRST, "values", "jump_activity_id"), value)
        for value in (1, {"step": "7"}, {"step": {}}, {"branch": ["2", 5]})
    ),
    *((("mailings", 0, "values", "subject"), value) for value in (5, [], "x" * 200_000, {})),
    *((("mailings", 0, "values", "body_html"), value) for value in (5, [], "<" * 1_000, "/web/image/file_7")),
    *((("mailings", 0, "values", "mail_server_id"), value) for value in (1, {"ref": 0}, [])),
    *(
        (("entries", 0, "values", name), value)
        for name, value in (("token", "x"), ("entry_type", 5), ("campaign_id", 1))
    ),
]
