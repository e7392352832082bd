import gc
import json
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.marketing_automation.engine.context import ACTION_KEY, ActionRun
from odoo.addons.marketing_automation.models.activity.types.server_action import FLUSH_EVERY

from .common import EXECUTION_CRON, MarketingAutomationCommon

IMAGE = b"R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="  # one pixel
EXECUTION_LOG = "odoo.addons.marketing_automation.models.runtime.loop"


@tagged("post_install", "-at_install")
class TestServerActions(MarketingAutomationCommon):
    """Every type of server action, once per participant."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_marketer_edit_contacts()
        cls.hot = cls.env["res.partner.category"].create({"name": "Hot"})

    @classmethod
    def _create_server_action(cls, **values):
        """For whoever may change contacts, as Odoo's form proposes."""
        return super()._create_server_action(**{"group_ids": False, **values})

    def _run(self, **values):
        """Run a campaign of one server action; return its activity."""
        values.setdefault("code", False)
        campaign = self._create_campaign(name=values.get("name", "Act"))
        action = self._create_server_action(**values)
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(
            set(activity.sudo().trace_ids.mapped("state")), {"processed"}, activity.sudo().trace_ids.mapped("state_msg")
        )
        return activity

    def _field(self, name, model="res.partner"):
        return self.env["ir.model.fields"]._get(model, name)

    def test_update_record(self):
        self._run(state="object_write", update_path="function", evaluation_type="value", value="Boss")
        self.assertEqual(set(self.contacts.mapped("function")), {"Boss"})

    def test_update_record_by_an_expression(self):
        self._run(state="object_write", update_path="function", evaluation_type="equation", value="record.name.upper()")
        self.assertEqual(self.contacts.mapped("function"), ["ADA", "BEN", "CLEO", "DAN", "EVE"])

    def test_add_a_tag(self):
        self._run(
            state="object_write", update_path="category_id", update_m2m_operation="add",
            resource_ref=f"res.partner.category,{self.hot.id}", value=str(self.hot.id),
        )  # fmt: skip
        for contact in self.contacts:
            self.assertEqual(contact.category_id, self.category + self.hot)

    def test_create_activity(self):
        self._run(
            state="next_activity",
            activity_type_id=self.env.ref("mail.mail_activity_data_call").id,
            activity_summary="Call them",
            activity_user_type="specific",
            activity_user_id=self.marketer.id,
        )
        for contact in self.contacts:
            self.assertEqual(contact.activity_ids.mapped("summary"), ["Call them"])
            self.assertEqual(contact.activity_ids.user_id, self.marketer)

    def test_create_activity_for_the_records_own_user(self):
        self.contacts[0].user_id, self.contacts[1:].user_id = self.marketer, self.env.ref("base.user_admin")
        self._run(
            state="next_activity",
            activity_type_id=self.env.ref("mail.mail_activity_data_call").id,
            activity_user_type="generic",
            activity_user_field_name="user_id",
        )
        for contact in self.contacts:
            self.assertEqual(contact.activity_ids.user_id, contact.user_id)

    def test_send_email(self):
        template = self.env["mail.template"].create(
            {
                "name": "T",
                "model_id": self.model_partner.id,
                "subject": "For {{ object.name }}",
                "body_html": "<p>Hi</p>",
            }
        )
        self._run(state="mail_post", template_id=template.id, mail_post_method="comment")
        for contact in self.contacts:
            self.assertEqual(contact.message_ids[0].subject, f"For {contact.name}")

    def test_followers(self):
        self._run(state="followers", partner_ids=[Command.link(self.marketer.partner_id.id)])
        for contact in self.contacts:
            self.assertIn(self.marketer.partner_id, contact.message_partner_ids)

    def test_remove_followers(self):
        self.contacts.message_subscribe(self.marketer.partner_id.ids)
        self._run(state="remove_followers", partner_ids=[Command.link(self.marketer.partner_id.id)])
        for contact in self.contacts:
            self.assertNotIn(self.marketer.partner_id, contact.message_partner_ids)

    def test_duplicate_record(self):
        self._run(
            state="object_copy",
            crud_model_id=self.env["ir.model"]._get("res.partner.category").id,
            resource_ref=f"res.partner.category,{self.hot.id}",
            link_field_id=self._field("category_id").id,
        )
        copies = [contact.category_id - self.category for contact in self.contacts]
        self.assertEqual([len(copied) for copied in copies], [1] * 5)
        self.assertEqual(len(set(copies) - {self.hot}), 5)

    def test_create_record(self):
        self._run(
            state="object_create",
            crud_model_id=self.env["ir.model"]._get("res.partner.category").id,
            value="Made",
            link_field_id=self._field("category_id").id,
        )
        self.assertEqual(len(self.contacts.category_id.filtered(lambda tag: tag.name == "Made")), 5)

    def test_several_actions(self):
        children = [
            self._create_server_action(
                name=f"Child {text}", code=f"record.write({{'ref': (record.ref or '') + '{text}'}})"
            )
            for text in "ab"
        ]
        self._run(state="multi", child_ids=[Command.set([child.id for child in children])])
        self.assertEqual(set(self.contacts.mapped("ref")), {"ab"})

    def test_several_actions_with_the_rights_of_the_user(self):
        """Odoo's own button runs the inner ones as the superuser: enough for a person who presses it, too much here."""
        see = "record.write({'ref': (record.ref or '') + '%s %s ' % (env.user.login, env.su)})"
        inner = self._create_server_action(name="Inner", state="multi", code=False)
        inner.child_ids = self._create_server_action(name="Deep", code=see)
        outer = [self._create_server_action(name="See", code=see).id, inner.id]
        self._run(state="multi", child_ids=[Command.set(outer)])
        self.assertEqual(set(self.contacts.mapped("ref")), {"marketer False marketer False "})

    def _queries_for(self, contacts, **values):
        """:return: how many queries the action takes for these contacts"""
        campaign = self._create_campaign(domain=repr([("id", "in", contacts.ids)]))
        action = self._create_server_action(code=False, **values)
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._run_crons(self.start, EXECUTION_CRON)
        count = self.cr.sql_log_count - before
        self.assertEqual(activity.sudo().trace_ids.mapped("state"), ["processed"] * len(contacts))
        return count

    def test_what_an_action_reads_is_read_for_the_whole_batch(self):
        """Odoo's own write on a contact reads its children and its users; a tag is one list more."""
        many = self.env["res.partner"].create([{"name": f"Contact {number}"} for number in range(40)])
        for kind, value in (("value", "Boss"), ("equation", "', '.join(record.category_id.mapped('name'))")):
            values = {"update_path": "function", "evaluation_type": kind, "value": value}
            self._queries_for(self.contacts[:1], state="object_write", **values)  # fills what is cached across batches
            few = self._queries_for(self.contacts, state="object_write", **values)
            self.assertLess(self._queries_for(many, state="object_write", **values) - few, len(many) / 2)

    def _count_environments(self, number, **values):
        """Have an action run for contacts, without Python looking for what refers to itself.

        :return: by how many the environments of the transaction grow
        """
        many = self.env["res.partner"].create([{"name": f"Contact {index}"} for index in range(number)])
        model = self.registry["ir.actions.server"]
        original, kept = model._run, []

        def run(action, records, eval_context):
            if ACTION_KEY in action.env.context:  # not the scheduled action's own
                kept.append(len(action.env.transaction.envs))
            return original(action, records, eval_context)

        self.addCleanup(gc.enable)
        gc.disable()
        with patch.object(model, "_run", run):
            self._queries_for(many, **values)
        gc.enable()
        self.assertEqual(len(kept), number)
        return max(kept) - min(kept)

    def test_environments_do_not_pile_up(self):
        """Odoo looks through all that a transaction keeps whenever it needs one; what tracks changes keeps one each."""
        values = {"update_path": "email", "evaluation_type": "equation", "value": "'%s@example.com' % record.id"}
        grown = self._count_environments(4 * FLUSH_EVERY, state="object_write", **values)
        self.assertLess(grown, 2 * FLUSH_EVERY)

    def test_allowed_groups_keep_no_environments(self):
        """Odoo asks the environment of each participant for its user, which refers back to it."""
        for groups in (self.env.ref("base.group_user"), self.env["res.groups"]):
            grown = self._count_environments(
                2 * FLUSH_EVERY,
                state="object_write",
                update_path="function",
                value="Boss",
                group_ids=[Command.set(groups.ids)],
            )
            self.assertLessEqual(grown, FLUSH_EVERY + 5, groups.mapped("name"))

    def test_the_form_of_a_campaign_with_many_actions(self):
        """What they name is looked for together, their children's too."""
        self._let_marketer_edit_contacts()
        counts = []
        for number in (3, 3, 12):
            campaign = self._create_campaign()
            tags = self.env["res.partner.category"].create([{"name": f"Tag {index}"} for index in range(2 * number)])
            for tag, other in zip(tags[:number], tags[number:], strict=True):
                sets = {"code": False, "state": "object_write", "update_path": "category_id", "group_ids": False}
                child = self._create_server_action(name="Below", value=str(other.id), **sets)
                several = self._create_server_action(name="Several", code=False, state="multi", group_ids=False)
                several.child_ids = child
                for action in (self._create_server_action(value=str(tag.id), **sets), several):
                    values = {"server_action_id": action.id}
                    self._create_activity(campaign, action.name, "action", "begin", None, **values)
            self._start(campaign)
            # environments of its own: those that still live from before know their user's companies
            campaign = campaign.with_user(self.marketer).with_context(counted=len(counts))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertFalse(campaign.waiting_text)
            counts.append(self.cr.sql_log_count - before)
            tags[-1].unlink()
            campaign.invalidate_recordset()
            self.assertEqual(campaign.waiting_text.count("was deleted"), 1)
        self.assertEqual(counts[1], counts[2])

    def test_what_one_participant_is_given_the_next_ones_see(self):
        """Contacts are read together, yet what an action writes is not hidden by that."""
        ada, ben, cleo, dan, eve = self.contacts
        (ada + cleo + dan).parent_id = ben
        self._run(
            state="object_write",
            update_path="parent_id.function",
            evaluation_type="equation",
            value="(record.parent_id.function or '') + record.name[0]",
        )
        self.assertEqual(ben.function, "ACD")
        self._run(
            state="object_write",
            update_path="ref",
            evaluation_type="equation",
            value="'%s %s' % (len(record.category_id.partner_ids), record.commercial_partner_id.name)",
        )
        self.assertEqual((ada + eve).mapped("ref"), ["5 Ben", "5 Eve"])
        self._run(
            state="object_write",
            update_path="comment",
            evaluation_type="equation",
            value="record.write({'ref': len(record.child_ids)})"
            f" and record.name == 'Ben' and record.child_ids.write({{'parent_id': {eve.id}}})",
        )
        self.assertEqual((ada + ben + eve).mapped("ref"), ["0", "3", "3"], "Eve sees whom Ben gave her")

    def test_code_sees_what_code_wrote_past_the_cache(self):
        other = self.env["res.partner.category"].create({"name": "Written by SQL"})
        self._run(
            state="code",
            code=f"""
record.write({{"ref": str(len(record.category_id))}})
env.cr.execute(
    "INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id)"
    " SELECT unnest(%s), {other.id} ON CONFLICT DO NOTHING", [{self.contacts.ids}])
""",
        )
        self.assertEqual(self.contacts.mapped("ref"), ["1", "2", "2", "2", "2"])

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_a_contact_that_may_not_be_read_keeps_no_other_from_being_read(self):
        """It may have become so by what an action did to another one of the batch."""
        ada, eve = self.contacts[0], self.contacts[-1]
        eve.parent_id = ada
        self.env["ir.rule"].create(
            {
                "name": "Nobody sees Eve",
                "model_id": self.model_partner.id,
                "domain_force": repr([("id", "!=", eve.id)]),
            }
        )
        run = ActionRun(model_name="res.partner", res_ids=tuple(self.contacts.ids))
        partners = self.env["res.partner"].with_user(self.marketer).with_context(**{ACTION_KEY: run})
        self.env.invalidate_all()
        self.assertEqual(partners.browse(ada.id).name, "Ada")
        self.assertFalse(partners.browse(ada.id).child_ids)
        with self.assertRaises(AccessError):
            partners.browse(eve.id).name  # noqa: B018

    def test_files_are_not_read_for_the_whole_batch(self):
        self.contacts.image_1920 = IMAGE
        run = ActionRun(model_name="res.partner", res_ids=tuple(self.contacts.ids))
        partners = self.env["res.partner"].with_context(**{ACTION_KEY: run})
        self.env.invalidate_all()
        self.assertTrue(partners.browse(self.contacts[0].id).image_1920)
        field = partners._fields["image_1920"]
        self.assertEqual(list(field._get_cache(partners.env)), self.contacts[:1].ids)

    def test_code_for_each(self):
        self._run(state="code", code="record.write({'ref': '%s of %s' % (record.name, len(records))})")
        self.assertEqual(self.contacts.mapped("ref"), [f"{name} of 1" for name in ("Ada", "Ben", "Cleo", "Dan", "Eve")])

    @mute_logger("odoo.addons.base.models.ir_actions")
    def test_webhook_after_the_commit(self):
        """Once per participant, and for nobody whose step was rolled back."""
        calls = []
        with patch("requests.post", lambda url, data, **_kwargs: calls.append(json.loads(data)["_id"])):
            self._run(
                state="webhook",
                webhook_url="https://example.com/hook",
                webhook_field_ids=[Command.link(self._field("name").id)],
            )
            self.assertFalse(calls, "nothing leaves before the commit")
            self.env.cr.postcommit.run()
        # a test's cursor drops the postcommit hooks of its commits: at most once is what is left to see
        self.assertLessEqual(len(calls), 5)
        self.assertEqual(len(calls), len(set(calls)))

    def test_action_with_a_warning(self):
        """It waits for an Update, which refuses it."""
        campaign = self._create_campaign()
        action = self._create_server_action(state="object_write", code=False, update_path="function", value="x")
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        action.write({"update_path": False, "state": "webhook", "webhook_url": False})
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(set(activity.sudo().trace_ids.mapped("state")), {"scheduled"})
        with self.assertRaisesRegex(UserError, "It has no URL to call"):
            campaign.action_update_participants()

    @mute_logger(EXECUTION_LOG, "odoo.addons.base.models.ir_actions")
    def test_action_for_other_groups(self):
        """An action that its groups keep from the user is not run for the campaign either."""
        campaign = self._create_campaign()
        action = self._create_server_action(group_ids=[Command.link(self.env.ref("base.group_system").id)])
        with self.assertRaisesRegex(ValidationError, "other groups"), self.env.cr.savepoint():
            self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=action.id)
        system = self.env.ref("base.group_system")
        self.marketer.group_ids += system
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        self.marketer.group_ids -= system
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(set(activity.sudo().trace_ids.mapped("state")), {"error"})
        self.assertFalse(self.contacts[0].ref)

    @mute_logger(EXECUTION_LOG, "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_action_that_reaches_further_than_the_user_may(self):
        """An update across a relation is checked there too, not as Odoo's own button does."""
        boss = self.env["res.partner"].create({"name": "Boss"})
        self.contacts.parent_id = boss
        self.env["ir.rule"].create(
            {
                "name": "Marketers do not write bosses",
                "model_id": self.model_partner.id,
                "domain_force": repr([("id", "!=", boss.id)]),
                "groups": [Command.link(self.env.ref("marketing_automation.group_marketing_automation_user").id)],
                "perm_read": False,
            }
        )
        campaign = self._create_campaign()
        action = self._create_server_action(
            state="object_write", code=False, update_path="parent_id.function", evaluation_type="value", value="Fired"
        )
        activity = self._create_activity(campaign, "Act", "action", "begin", None, server_action_id=action.id)
        self._start(campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        self.assertEqual(set(activity.sudo().trace_ids.mapped("state")), {"error"})
        self.assertFalse(boss.function)

    def test_marketers_make_no_server_action(self):
        with self.assertRaises(AccessError):
            self.env["ir.actions.server"].with_user(self.marketer).create(
                {"name": "Code", "model_id": self.model_partner.id, "state": "code", "code": "record"}
            )
