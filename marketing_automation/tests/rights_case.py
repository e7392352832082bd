import base64
from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.models import MAGIC_COLUMNS
from odoo.service.model import call_kw, get_public_method
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from . import rights_table
from .accounts import MANAGER, USER
from .common import MarketingAutomationCommon

OURS = "marketing_automation"
UNSTATED = {*MAGIC_COLUMNS, "display_name"}  # fields that every model has
ORDINARY = {"copy", "copy_data", "create", "default_get", "unlink", "write"}  # methods likewise
# What a caller may put into a field, by its type
FORGED = {
    **dict.fromkeys(("char", "text", "html"), "forged"),
    **dict.fromkeys(("integer", "float", "monetary", "many2one_reference"), 1),
    **dict.fromkeys(("one2many", "many2many"), [(0, 0, {})]),
    "boolean": True,
    "datetime": "2026-01-01 00:00:00",
    "json": {"forged": True},
    "reference": "res.partner,1",
}


class RightsTableCase(MarketingAutomationCommon):
    """Walks the fields and methods that one addon adds, as everybody, by each door."""

    module = OURS
    table = rights_table
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Secret Holdings"})
        cls.campaign = cls._create_campaign(company_id=cls.env.company.id)
        cls.action = cls._create_action(cls.campaign, "Act", interval_number=5)
        cls.campaign._check_can_run(cls.marketer)
        cls.nobodies = {
            "nobody": cls.env.ref("base.public_user"),
            **{
                login: new_test_user(cls.env, login=f"table's {login}", groups=group)
                for login, group in (
                    ("portal", "base.group_portal"),
                    ("employee", "base.group_user"),
                    ("mailer", "mass_mailing.group_mass_mailing_user"),
                )
            },
        }
        cls.stranger = new_test_user(
            cls.env,
            login="alien",
            groups=USER,
            company_id=cls.other_company.id,
            company_ids=[(6, 0, cls.other_company.ids)],
        )
        cls.manager = new_test_user(cls.env, login="manager", groups=MANAGER)
        cls.actors = {
            **cls.nobodies,
            "stranger": cls.stranger,
            "marketer": cls.marketer,
            "manager": cls.manager,
        }
        cls.records = cls._make_records()
        cls.imported = set()

    @classmethod
    def _make_records(cls):
        """Return a record of each model of ours, made as the app makes them."""
        participant = cls.campaign._create_test_participant(cls.contacts[0].id)
        trace = participant.trace_ids[0]
        cls.env["marketing.trace.event"].record_events("open", trace.ids, "test")
        figure = {"campaign_id": cls.campaign.id, "activity_id": cls.action.id, "metric": "open", "number": 1}
        figure["date"] = cls.start
        dialogs = {
            name: cls.env[name].with_user(cls.marketer).with_context(active_model="res.partner").create(values)
            for name, values in {
                **{
                    f"marketing.campaign.{dialog}": {"campaign_id": cls.campaign.id}
                    for dialog in ("enroll", "start", "test")
                },
                "marketing.campaign.update": {"campaign_id": cls.campaign.id},
                "marketing.campaign.import": {"file": base64.b64encode(cls.campaign._export_file())},
                "marketing.sample": {"mailing_id": cls._create_template("Sample").id},
            }.items()
        }
        for name, parent, values in (
            ("enroll", "enroll_id", {"reason": "busy"}),
            ("update", "wizard_id", {}),
            ("import", "import_id", {"model_name": "res.partner"}),
        ):
            values[parent] = dialogs[f"marketing.campaign.{name}"].id
            line = cls.env[f"marketing.campaign.{name}.line"].with_user(cls.marketer).create(values)
            dialogs[line._name] = line
        cls.env["mailing.trace"].create({"trace_type": "mail", "model": "res.partner", "res_id": cls.contacts[0].id})
        entered = {"campaign_id": cls.campaign.id, "model_name": "res.partner", "res_id": cls.contacts[1].id}
        real = cls.env["marketing.participant"].create(entered)
        step = {"participant_id": real.id, "campaign_id": cls.campaign.id, "activity_id": cls.action.id}
        sent = cls.env["marketing.trace"].create({**step, "res_id": real.res_id, "sent_date": cls.start})
        message = {
            "trace_type": "mail",
            "model": "res.partner",
            "res_id": real.res_id,
            "email": "ben@people.example.com",
        }
        cls.env["mailing.trace"].create({**message, "marketing_trace_id": sent.id})
        cls.env.flush_all()
        return {
            "marketing.campaign": cls.campaign,
            "marketing.activity": cls.action,
            "marketing.activity.branch": cls.env["marketing.activity.branch"].create(
                {"activity_id": cls.action.id, "name": "A"}
            ),
            "marketing.entry": cls.campaign.entry_ids,
            "marketing.participant": participant,
            "marketing.entry.call": cls.env["marketing.entry.call"].create(
                {"entry_id": cls.campaign.entry_ids.id, "minute": cls.start, "number": 1}
            ),
            "marketing.entry.request": cls.env["marketing.entry.request"].create(
                {"campaign_id": cls.campaign.id, "res_id": 1, "operation": "add", "date": cls.start}
            ),
            "marketing.trace": trace,
            "marketing.trace.event": cls.env["marketing.trace.event"].search([("trace_id", "=", trace.id)]),
            "marketing.trace.figure": cls.env["marketing.trace.figure"].create(figure),
            "marketing.trace.report": cls.env["marketing.trace.report"].browse(trace.id),
            "marketing.step.report": cls.env["marketing.step.report"].browse(cls.action.id),
            "marketing.cohort.report": cls.env["marketing.cohort.report"].browse(real.id),
            "marketing.delivery.report": cls.env["marketing.delivery.report"].browse(sent.id),
            **dialogs,
        }

    # ------------------------------------------------------------
    # What there is
    # ------------------------------------------------------------

    def _our_modules(self):
        return {name for name in self.env.registry._init_modules if name.startswith(OURS)}

    def _is_ours(self, name):
        return self.env[name]._original_module in self._our_modules() and not self.env[name]._abstract

    def _find_fields(self):
        """Return the names of the fields that this addon adds, by model."""
        found = {}
        for name, model in self.env.items():
            fields = {
                fname
                for fname, field in model._fields.items()
                if field._modules and field._modules[0] == self.module and fname not in UNSTATED and not field.inherited
            } - self.table.ON_TARGETS
            if fields and not model._abstract:
                found[name] = fields
        return found

    def _find_methods(self):
        """Return the names of the public methods that this addon adds, by model."""
        found = {}
        for name, model in self.env.items():
            for method in dir(type(model)):
                if method.startswith("_") or method in ORDINARY | self.table.ON_TARGETS or model._abstract:
                    continue
                definers = [
                    parent._module
                    for parent in type(model).__mro__
                    if method in parent.__dict__ and parent.__dict__.get("_module")
                ]
                if definers and definers[-1] == self.module:
                    with suppress(AccessError, AttributeError):
                        get_public_method(model, method)
                        found.setdefault(name, set()).add(method)
        return found

    # ------------------------------------------------------------
    # Doors
    # ------------------------------------------------------------

    def _call(self, user, records, method, *args, context=None):
        """Call a method as the external API does."""
        model = records.browse().with_user(user).with_env(records.env(user=user, su=False))
        ids = [] if getattr(getattr(type(model), method), "_api_model", False) else [records.ids]
        return call_kw(model, method, [*ids, *args], {"context": context or {}})

    def _minimum(self, name):
        """Return what a new record needs."""
        return {
            "marketing.campaign": {"name": "New"},
            "marketing.activity": {"name": "New", "campaign_id": self.campaign.id, "activity_type": "action"},
            "marketing.activity.branch": {"name": "New", "activity_id": self.action.id},
            "marketing.entry": {"campaign_id": self.campaign.id},
            "marketing.campaign.enroll": {"model_name": "res.partner"},
            "marketing.campaign.enroll.line": {
                "enroll_id": self.records["marketing.campaign.enroll"].id,
                "reason": "busy",
            },
            "marketing.campaign.update.line": {"wizard_id": self.records["marketing.campaign.update"].id},
            "mailing.mailing": {"subject": "New", "mailing_model_id": self.model_partner.id},
            "mailing.trace": {"trace_type": "mail", "model": "res.partner", "res_id": 1},
            "marketing.sample": {"mailing_id": self.records["marketing.sample"].mailing_id.id},
            "utm.campaign": {"title": "New"},
            "sms.sms": {"number": "+32456000000", "body": "New"},
            "ir.actions.server": {"name": "New", "model_id": self.model_partner.id},
            "marketing.campaign.import": {},
            "marketing.campaign.import.line": {
                "import_id": self.records["marketing.campaign.import"].id,
                "model_name": "res.partner",
            },
        }.get(name, {"campaign_id": self.campaign.id} if name.startswith("marketing.campaign.") else {})

    def _forge(self, name, fname):
        field = self.env[name]._fields[fname]
        if field.type == "selection":
            return field.get_values(self.env)[-1]
        if field.type == "many2one":
            return self.env[field.comodel_name].search([], limit=1).id
        return FORGED[field.type]

    def _doors(self, user, record, fname, value):
        """Yield each way of putting a value into a field, by its name, as something to call."""
        name, values = record._name, {fname: value}
        new = {**self._minimum(name), **values}
        bare = {key: value for key, value in self._minimum(name).items() if key != fname}
        yield "create", lambda: self._call(user, record, "create", [new])
        yield "write", lambda: self._call(user, record, "write", values)
        yield "web_save", lambda: self._call(user, record, "web_save", values, {})
        yield "web_save of a new one", lambda: self._call(user, record.browse(), "web_save", new, {})
        yield "copy", lambda: self._call(user, record, "copy", values)
        default = {f"default_{fname}": value}
        yield "default", lambda: self._call(user, record, "create", [bare], context=default)
        # all that nobodies import is refused at the first field: one of each model is enough
        if not isinstance(value, list) and (user not in self.nobodies.values() or (user, name) not in self.imported):
            self.imported.add((user, name))
            yield "import", lambda: self._import(user, record, bare, fname, value)
        for parent, line in self._parents(record):
            yield (
                f"{parent._name}.{line}",
                lambda p=parent, n=line: self._call(user, p, "write", {n: [(1, record.id, values)]}),
            )
            yield (
                f"new in {parent._name}.{line}",
                lambda p=parent, n=line: self._call(user, p, "write", {n: [(0, 0, new)]}),
            )

    def _parents(self, record):
        """Yield the records of ours that have this one among their lines, with the name of the field."""
        for parent in self.records.values():
            for field in parent._fields.values():
                if field.type == "one2many" and field.comodel_name == record._name and field.store:
                    yield parent, field.name

    def _import(self, user, record, values, fname, value):
        path = f"{fname}/.id" if record._fields[fname].type == "many2one" else fname
        row = [str(value) for value in values.values()]
        fields = [f"{name}/.id" if record._fields[name].type == "many2one" else name for name in values]
        result = self._call(user, record, "load", [*fields, path], [[*row, str(value)]])
        if not result["ids"]:
            raise AccessError(str(result["messages"]))

    def assertRefused(self, what, call):
        try:
            call()
        except AccessError:
            return
        except UserError as error:
            self.fail(f"{what}: it was refused for another reason: {error}")
        self.fail(f"{what}: it was accepted")

    # ------------------------------------------------------------
    # Tests
    # ------------------------------------------------------------

    def test_every_field_is_stated(self):
        stated = {
            name: set(self.table.USER_FIELDS.get(name, ()))
            | self.table.ENGINE_FIELDS.get(name, set())
            | self.table.SHOWN_FIELDS.get(name, set())
            | set(self.table.FIELDS_ON_ODOO.get(name, ()))
            for tables in (
                self.table.USER_FIELDS,
                self.table.ENGINE_FIELDS,
                self.table.SHOWN_FIELDS,
                self.table.FIELDS_ON_ODOO,
            )
            for name in tables
        }
        self.assertEqual(self._find_fields(), stated)

    def test_every_method_is_stated(self):
        stated = {name: set(methods) for name, methods in self.table.METHODS.items()}
        self.assertEqual(self._find_methods(), {**stated, **self.table.METHODS_ON_ODOO})

    @mute_logger("odoo.orm.models", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_what_nobody_sets(self):
        """Not even administrators of Marketing Automation; nor does it matter what they would set."""
        for name, fnames in self.table.ENGINE_FIELDS.items():
            for fname in sorted(fnames):
                value = self._forge(name, fname)
                for actor, user in self.actors.items():
                    for door, call in self._doors(user, self.records[name], fname, value):
                        self.assertRefused(f"{actor}: {name}.{fname} by {door}", call)

    @mute_logger("odoo.orm.models", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_what_users_set(self):
        for name, samples in self.table.USER_FIELDS.items():
            record = self.records[name]
            for fname, sample in samples.items():
                value = sample(self) if callable(sample) else sample
                outsiders = {**self.nobodies, "stranger": self.stranger}
                if record.is_transient():
                    outsiders["manager"] = self.manager  # it is the marketer's
                for actor, user in outsiders.items():
                    for door, call in self._doors(user, record, fname, value):
                        if actor in self.nobodies or (door in ("write", "web_save") or "." in door):
                            self.assertRefused(f"{actor}: {name}.{fname} by {door}", call)
                for user in (self.marketer,) if record.is_transient() else (self.marketer, self.manager):
                    for door, call in self._doors(user, record, fname, value):
                        if door in ("create", "write", "web_save"):
                            with self.subTest(field=f"{name}.{fname}", door=door), self.cr.savepoint() as savepoint:
                                call()
                                savepoint.rollback()

    @mute_logger("odoo.orm.models", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_fields_on_models_of_odoo(self):
        """As a user of Email Marketing, a marketer, and an administrator of the whole database."""
        users = {"mailer": self.nobodies["mailer"], "marketer": self.marketer, "root": self.env.ref("base.user_admin")}
        for name, stated in self.table.FIELDS_ON_ODOO.items():
            for fname, kind in stated.items():
                field = self.env[name]._fields[fname]
                if kind == "computed":
                    self.assertFalse(field.store or field.inverse, f"{name}.{fname}")
                if kind == "engine":
                    record = self.env[name].search([], limit=1) or self.env[name].create(self._minimum(name))
                    for actor, user in users.items():
                        for door, call in self._doors(user, record, fname, self._forge(name, fname)):
                            self.assertRefused(f"{actor}: {name}.{fname} by {door}", call)

    def test_defaults_that_users_keep(self):
        """Every employee may keep a default for any field; the engine's have none."""
        for name, fnames in self.table.ENGINE_FIELDS.items():
            stored = [fname for fname in sorted(fnames) if self.env[name]._fields[fname].column_type]
            for fname in stored:
                self._call(self.marketer, self.env["ir.default"], "set", name, fname, self._forge(name, fname), True)
            without = self.env[name].with_user(self.env.ref("base.user_admin")).default_get(stored)
            values = self.env[name].with_user(self.marketer).default_get(stored)
            self.assertEqual(values.keys(), without.keys(), name)
            for fname, value in values.items():
                if value != without[fname]:  # one that is made anew each time
                    self.assertNotEqual(value, self._forge(name, fname), f"{name}.{fname}")

    @mute_logger("odoo.orm.models", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_methods(self):
        for name, methods in self.table.METHODS.items():
            record = self.records[name]
            for method, args in methods.items():
                for actor, user in {**self.nobodies, "stranger": self.stranger}.items():
                    if actor == "stranger" and getattr(getattr(type(record), method), "_api_model", False):
                        continue  # for records of one's own
                    if method not in self.table.WINDOWS.get(name, ()):
                        call = lambda u=user, r=record, m=method, a=args: self._call(u, r, m, *a)  # noqa: E731
                        self.assertRefused(f"{actor}: {name}.{method}", call)
                with self._at(self.start), self._in_test_mode(), self.cr.savepoint() as savepoint:
                    with suppress(UserError) as _answer:
                        try:
                            self._call(self.marketer, record, method, *args)
                        except AccessError as error:
                            self.fail(f"marketer: {name}.{method}: {error}")
                    savepoint.rollback()
