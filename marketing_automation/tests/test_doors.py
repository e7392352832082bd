from contextlib import suppress

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .common import EXECUTION_CRON, MarketingAutomationCommon

# Models of Odoo's that have records of campaigns.
GUARDED = {
    *("mailing.mailing", "mailing.trace", "mail.mail", "ir.actions.server", "utm.campaign", "utm.source"),
    *("link.tracker", "link.tracker.code", "link.tracker.click", "sms.sms", "sms.tracker"),
}
# Each field of Odoo's that leads there, and that users of Email Marketing, employees or marketers may write; those of
# ours are in ``rights_table.py``. One that is new is stated here, and tried. What follows a name is written by it.
DOORS = {
    "link.tracker": {"campaign_id", "source_id", "mass_mailing_id", "link_code_ids", "link_click_ids"},
    "mail.compose.message": {"mass_mailing_id", "campaign_id"},
    "mail.notification": {"mail_mail_id", "sms_tracker_ids"},
    "mailing.list": {"mailing_ids"},
    "mailing.mailing": {
        *("source_id", "campaign_id", "mailing_trace_ids", "name = source_id.name", "sms_subject = subject"),
        "ab_testing_schedule_datetime = campaign_id.ab_testing_schedule_datetime",
        "ab_testing_winner_selection = campaign_id.ab_testing_winner_selection",
        "ab_testing_sms_winner_selection = campaign_id.ab_testing_sms_winner_selection",
    },
    "mailing.mailing.schedule.date": {"mass_mailing_id"},
    "mailing.mailing.test": {"mass_mailing_id"},
    "mailing.sms.test": {"mailing_id"},
    "mailing.trace": {"mail_mail_id", "mass_mailing_id", "campaign_id", "links_click_ids", "sms_tracker_ids"},
    "sms.composer": {"mailing_id", "utm_campaign_id"},
    "sms.tracker": {"mailing_trace_id"},
    "utm.campaign": {"mailing_mail_ids", "mailing_sms_ids", "ab_testing_winner_mailing_id"},
}
# What else a new record of theirs needs, and the button that does something with it.
NEW = {
    "link.tracker": ({"url": "https://evil.example.com"}, None),
    "mail.compose.message": (
        {"composition_mode": "mass_mail", "model": "res.partner", "subject": "Mine", "body": "<p>Mine</p>"},
        "action_send_mail",
    ),
    "mailing.list": ({"name": "Mine"}, None),
    "mailing.mailing": ({"subject": "Mine", "mailing_domain": "[]"}, "action_put_in_queue"),
    "mailing.mailing.schedule.date": ({"schedule_date": "2030-01-01 00:00:00"}, "action_schedule_date"),
    "mailing.mailing.test": ({"email_to": "me@example.com"}, None),
    "mailing.sms.test": ({"numbers": "+32456000000"}, None),
    "mailing.trace": ({"trace_type": "mail", "model": "res.partner", "res_id": 1}, None),
    "sms.composer": ({"composition_mode": "mass", "res_model": "res.partner", "body": "Mine"}, "action_send_sms"),
    "sms.tracker": ({"sms_uuid": "mine"}, None),
    "utm.campaign": ({"title": "Mine"}, None),
}
FORGED = {"mailing.mailing": {"subject": "Forged"}, "link.tracker.code": {"code": "forged"}}
FORGED_RELATED = {"datetime": "2030-01-01 00:00:00", "selection": "manual"}


@tagged("post_install", "-at_install")
class TestDoors(MarketingAutomationCommon):
    maxDiff = None

    """From no record of Odoo's that leads to one of a campaign can this be changed, but with the campaign's rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign(company_id=cls.env.company.id)
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls.template = cls.email.mass_mailing_id
        cls.template.body_html = '<p><a href="https://example.com/x">See</a></p>'
        company = cls.env["res.company"].create({"name": "Second"})
        groups = {
            "outsider": "base.group_user",
            "mailer": "mass_mailing.group_mass_mailing_user",
            "foreigner": "marketing_automation.group_marketing_automation_user",
        }
        cls.users = {
            login: new_test_user(cls.env, login, groups=names, email=f"{login}@example.com")
            for login, names in groups.items()
        }
        cls.users["foreigner"].write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})

    def _find_doors(self):
        addons = self.env["ir.module.module"].search([("name", "in", self._get_addons())])
        known = {*addons.mapped("name"), *addons.upstream_dependencies(exclude_states=("uninstalled",)).mapped("name")}
        known = {name for name in known if not name.startswith("test_")}
        doors = {}
        for name in self.env.registry:
            model = self.env[name]
            if model._abstract or name.startswith("marketing.") or model._original_module not in known:
                continue
            for field in model._fields.values():
                if not set(field._modules) <= known or (field.readonly and not field.inverse and not field.store):
                    continue
                door = field.name if field.relational and field.comodel_name in GUARDED else None
                if field.related and not field.readonly and self._get_related_model(model, field) in GUARDED:
                    door = f"{field.name} = {field.related}"
                if door and any(self._may_set(model.with_user(user), field) for user in self._get_users()):
                    doors.setdefault(name, set()).add(door)
        return doors

    def _get_addons(self):
        return [name for name in self.env.registry._init_modules if name.startswith("marketing_automation")]

    def _get_users(self):
        return [*self.users.values(), self.marketer]

    def _may_set(self, model, field):
        may = model.has_access("create") or model.has_access("write")
        return may and model._has_field_access(field, "write")

    def _get_related_model(self, model, field):
        for name in field.related.split(".")[:-1]:
            model = model.env[model._fields[name].comodel_name]
        return model._name

    def _targets(self):
        """Return what belongs to the campaign, by model."""
        message = self._trace(self.email, self.contacts[0]).mailing_trace_ids
        links = self.env["link.tracker"].search([("mass_mailing_id", "=", self.template.id)])
        return {
            "mailing.mailing": self.template,
            "mailing.trace": message,
            "mail.mail": message.mail_mail_id,
            "utm.campaign": self.campaign.utm_campaign_id,
            "utm.source": self.template.source_id,
            "link.tracker": links,
            "link.tracker.code": links.link_code_ids,
            "link.tracker.click": self.env["link.tracker.click"].create({"link_id": links[:1].id}),
        }

    def _snapshot(self):
        """Return all that the campaign keeps in the database, its templates, messages and links included."""
        self.env.flush_all()
        parts = {
            "mailing_mailing": ("id = %s", self.template.id),
            "mailing_trace": ("mass_mailing_id = %s", self.template.id),
            "mail_mail": ("mailing_id = %s", self.template.id),
            "link_tracker": ("mass_mailing_id = %s", self.template.id),
            "link_tracker_code": ("link_id IN %s", tuple(self.links.ids)),
            "link_tracker_click": ("link_id IN %s", tuple(self.links.ids)),
            "utm_source": ("id = %s", self.template.source_id.id),
            "marketing_campaign": ("id = %s", self.campaign.id),
            "marketing_activity": ("campaign_id = %s", self.campaign.id),
            "marketing_participant": ("campaign_id = %s", self.campaign.id),
            "marketing_trace": ("campaign_id = %s", self.campaign.id),
            "marketing_trace_event": ("campaign_id = %s", self.campaign.id),
        }
        field = self.template._fields["contact_list_ids"]
        parts[field.relation] = (f"{field.column1} = %s", self.template.id)
        kept = {"utm_campaign": self.campaign.utm_campaign_id.sudo().read(["name", "title", "active"], load=None)}
        for table, (condition, value) in parts.items():
            where = SQL(condition, value)
            kept[table] = self.env.execute_query(
                SQL(
                    "SELECT to_jsonb(t) - '{write_date,write_uid,count}'::text[] FROM %s t WHERE %s ORDER BY 1",
                    SQL.identifier(table),
                    where,
                )
            )
        return kept

    def _values(self, field, target):
        """Return what can be put into a field to reach a record."""
        if field.type == "many2one":
            return [target.id, False]
        forged = FORGED.get(target._name)
        commands = [[Command.link(target.id)], [Command.unlink(target.id)], [Command.delete(target.id)]]
        commands += [[Command.clear()], [Command.set([])], [Command.set(target.ids)]]
        return commands + (
            [[Command.update(target.id, forged)], [(4, target.id), (1, target.id, forged)]] * bool(forged)
        )

    def test_every_door_is_stated(self):
        """For the addons that are installed here, and what they rest on."""
        self.assertEqual(
            self._find_doors(), {name: doors for name, doors in DOORS.items() if name in self.env.registry}
        )

    @mute_logger(
        *("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model", "odoo.orm.models", "odoo.sql_db"),
        *("odoo.addons.mass_mailing.models.mailing", "odoo.models.unlink"),
    )
    def test_nobody_comes_in(self):
        self._start(self.campaign)
        self._run_crons(self.start, EXECUTION_CRON)
        targets = self._targets()
        self.links = targets["link.tracker"]
        before, tried = self._snapshot(), 0
        for name, doors in DOORS.items():
            model = self.env[name]
            for door in sorted(doors):
                field = model._fields[door.split(" = ")[0]]
                if " = " in door:
                    values = [FORGED_RELATED.get(field.type, "Forged")]
                elif field.comodel_name in targets:
                    values = self._values(field, targets[field.comodel_name][:1])
                else:
                    continue  # the addon for SMS has a test of its own
                for login, user in self.users.items():
                    for value in values:
                        self._try(user, targets.get(name, model)[:1], name, {field.name: value})
                        tried += 1
                        self.assertEqual(self._snapshot(), before, f"{login}: {name}.{field.name} = {value}")
        self.assertGreater(tried, 100)

    def _try(self, user, record, name, values):
        """Write to the campaign's own record, and make a new one and press its button; undo what came of it."""
        minimum, button = NEW.get(name, ({}, None))
        ids = {"mailing_model_id": self.model_partner.id, "res_ids": repr(self.contacts[:1].ids)}
        minimum = {**minimum, **{key: ids[key] for key in ids if key in self.env[name]._fields}}
        calls = [lambda: self._call(user, name, "create", [{**minimum, **values}])]
        if record:
            calls.insert(0, lambda: self._call(user, name, "write", record.ids, values))
        for call in calls:
            with suppress(UserError, ValueError, KeyError, IntegrityError), self.cr.savepoint():
                made = call()
                if made is not True and button:
                    self._call(user, name, button, made if isinstance(made, list) else [made])
            self.env.invalidate_all()

    def _call(self, user, name, method, *args):
        res = call_kw(self.env[name].with_user(user), method, list(args), {})
        self.env.flush_all()
        return res
