import inspect
import random
from contextlib import suppress

from psycopg2.errors import NotNullViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MarketingAutomationCommon
from .deadline import deadline

SEED, CALLS = 18, 5_000
FAR = 2**31
# What JSON and XML-RPC can bring, of every kind; some of it suits some fields.
VALUES = [
    *(None, True, False, 0, 1, -1, 2, FAR - 1, FAR, -FAR - 1, 2**40, 2**63, 10**40, 0.0, 1.5, 3.0, -0.5, 1e300),
    *(float("nan"), float("inf"), -float("inf")),
    *(
        "",
        " ",
        "x",
        "5",
        "-5",
        " 7 ",
        "1.5",
        "1e5",
        "٣",
        "²",
        "True",
        "nobody",
        "draft",
        "email",
        "days",
        "\0",
        "a\0b",
        "\ud800",
        "é" * 10,
    ),
    *(
        "x" * 1_001,
        "x" * 200_001,
        "'; DROP TABLE marketing_campaign; --",
        "%s",
        "{}",
        "[]",
        "[(1, '=', 1)]",
        "<script>",
    ),
    *("2026-01-01", "2026-01-01 10:00:00", "2026-13-45", "2026-02-30 10:00:00", "now", "0000-00-00", "99999-01-01"),
    *(
        "2026-01-01T10:00:00+02:00",
        "res.partner,1",
        "res.partner,x",
        "res.partner,99999999999",
        "no.model,1",
        "res.partner",
    ),
    *(
        [],
        [0],
        [1],
        [-1],
        [FAR],
        [2**70],
        ["x"],
        [None],
        [[]],
        [{}],
        [1.5],
        [True],
        {},
        {"a": 1},
        {"id": 1},
        {"": None},
    ),
    *([[0]], [[0, 0]], [[0, 0, {}]], [[0, 0, {"nothing": 1}]], [[0, 0, {"name": {"x": 1}}]], [[0, "virtual_1", "x"]]),
    *(
        [[1, 999_999, {"name": "x"}]],
        [[1, "x", {}]],
        [[1, 1]],
        [[2, 999_999]],
        [[2, "x"]],
        [[2, FAR]],
        [[3, {}]],
        [[4, 999_999]],
    ),
    *(
        [[4, "5"]],
        [[4]],
        [[5]],
        [[5, 0, 0]],
        [[6, 0, "x"]],
        [[6, 0, [999_999]]],
        [[6, 0, [[]]]],
        [[7, 0, 0]],
        [["0", 0, {}]],
    ),
    *(
        [[-1, 0, 0]],
        [[0, 0, {}, 1]],
        [[1e3]],
        "[[5]]",
        [{"0": 0}],
        {"res_ids": [1]},
        {"a": {"b": ["\0"]}},
        {"a": float("nan")},
    ),
]


def _nested(depth):
    value = []
    for _level in range(depth):
        value = [value]
    return value


@tagged("post_install", "-at_install")
class TestGeneratedValues(MarketingAutomationCommon):
    """Whatever a caller hands over is accepted as it is, or refused in a sentence; always soon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()
        cls.email = cls._create_email(cls.campaign, "Welcome")
        cls._create_action(cls.campaign, "Act", "mail_click", cls.email)
        cls.marketer_env = cls.campaign.env
        cls.models = sorted(
            name
            for name, model in cls.env.registry.items()
            if model._original_module
            and model._original_module.startswith("marketing_automation")
            and not model._abstract
        )
        wizard = cls.marketer_env["marketing.campaign.enroll"]
        enroll = wizard.create({"model_name": "res.partner", "res_ids": cls.contacts.ids})
        cls.records = {
            "marketing.campaign": cls.campaign,
            "marketing.activity": cls.email,
            "marketing.campaign.enroll": enroll,
        }
        for name in ("test", "start", "update"):
            model = f"marketing.campaign.{name}"
            cls.records[model] = cls.marketer_env[model].create({"campaign_id": cls.campaign.id})
        line = cls.marketer_env["marketing.campaign.enroll.line"]
        cls.records[line._name] = line.create({"enroll_id": enroll.id, "reason": "busy", "res_ids": [1]})
        line = cls.marketer_env["marketing.campaign.update.line"]
        cls.records[line._name] = line.create({"wizard_id": cls.records["marketing.campaign.update"].id})

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.values = [*VALUES, _nested(200), dict.fromkeys(map(str, range(1_000)), "x")]

    # ------------------------------------------------------------

    def _call(self, model, method, args, context=None):
        """Call as Odoo's RPC does; return what was raised, a sentence or None."""
        records = self.env[model].with_user(self.marketer).with_context(**context or {})
        try:
            with deadline(2), self.cr.savepoint():
                call_kw(records, method, args, {})
                self.env.flush_all()
                raise _Accepted
        except _Accepted:
            return None
        except UserError as error:
            self.assertTrue(str(error).strip())
            self.assertNotIn("Traceback (most recent call last)", str(error))
            self.assertLess(len(str(error)), 2_000)
            return error
        except NotNullViolation as error:  # of which Odoo makes a sentence, in retrying()
            return error
        finally:
            self.env.invalidate_all(flush=False)
            self.env.cache.clear()

    def _check(self, model, method, args, context=None):
        shown = f"{model}.{method}({str(args)[:200]}, {str(context)[:100]})"
        try:
            return self._call(model, method, args, context)
        except Exception as error:
            self.failures[f"{shown}: {type(error).__name__}: {str(error)[:150]}"] = error
            return error

    def _report(self):
        self.assertFalse(self.failures, "\n" + "\n".join(list(self.failures)[:40]))

    def _ways(self, model, fname, value):
        """Yield the ways in which a value comes to a field: method, arguments, context."""
        record, values = self.records.get(model), {fname: value}
        required = {
            "marketing.campaign": {"name": "Bad"},
            "marketing.activity": {"name": "Bad", "campaign_id": self.campaign.id},
        }.get(model, {})
        yield "create", [[{**required, **values}]], {}
        yield "create", [[required]], {f"default_{fname}": value}
        yield "default_get", [[fname]], {f"default_{fname}": value}
        yield "onchange", [[], {**required, **values}, [fname], {fname: {}}], {}
        yield "web_save", [[], {**required, **values}, {"display_name": {}}], {}
        if record:
            yield "write", [record.ids, values], {}
            yield "web_save", [record.ids, values, {"display_name": {}}], {}
            if model in ("marketing.campaign", "marketing.activity"):
                yield "copy", [record.ids, values], {}
            if model == "marketing.activity":
                yield "write_through_campaign", [[[1, record.id, values]]], {}

    @mute_logger("odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_values_of_all_fields(self):
        self.failures = {}
        pairs = [
            (model, fname)
            for model in self.models
            for fname in sorted(self.env[model]._fields)
            if fname not in ("id", "create_uid", "create_date", "write_uid", "write_date")
        ]
        accepted = 0
        for number in range(CALLS):
            model, fname = pairs[number % len(pairs)]
            value = self.random.choice(self.values)
            ways = list(self._ways(model, fname, value))
            method, args, context = self.random.choice(ways)
            if method == "write_through_campaign":
                model, method = "marketing.campaign", "write"
                args = [self.campaign.ids, {"marketing_activity_ids": args[0]}]
            accepted += self._check(model, method, args, context) is None
        self._report()
        self.assertGreater(accepted, CALLS // 20, "or nothing was tried but what is refused anyway")
        self.assertLess(accepted, CALLS // 2)

    @mute_logger("odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_each_value_of_each_field_that_users_write(self):
        """What is accepted is kept as it was given: nothing becomes 0 or empty in silence."""
        lost = []
        self.failures = {}
        for model in ("marketing.campaign", "marketing.activity"):
            record = self.records[model]
            for fname, field in sorted(record._fields.items()):
                if (
                    field.type not in ("char", "integer", "many2one", "selection", "boolean", "datetime")
                    or not field.store
                ):
                    continue
                for value in self.values:
                    if value is None or value is False or field.readonly:
                        continue
                    kept = self._write_and_read(record, fname, value)
                    if kept is not None and not self._is_kept(field, value, kept):
                        lost.append((model, fname, value, kept))
        self._report()
        self.assertFalse(lost)

    def _write_and_read(self, record, fname, value):
        """Return what a field holds after a value was written, None where it was refused."""
        kept = []

        def write_and_read(records, method, args, _kwargs):
            call_kw(records, "write", args, {})
            self.env.flush_all()
            kept.append(call_kw(records, "read", [record.ids, [fname], None], {})[0][fname])

        try:
            with suppress(_Accepted, UserError, NotNullViolation), deadline(2), self.cr.savepoint():
                records = self.env[record._name].with_user(self.marketer)
                write_and_read(records, "write", [record.ids, {fname: value}], {})
                raise _Accepted
        except Exception as error:
            shown = f"{record}.{fname} = {str(value)[:80]}"
            self.failures[f"{shown}: {type(error).__name__}: {str(error)[:150]}"] = error
        self.env.invalidate_all(flush=False)
        self.env.cache.clear()
        return kept[0] if kept else None

    def _is_kept(self, field, value, kept):
        if field.type in ("integer", "many2one"):
            return kept == int(value)
        if field.type == "boolean":
            return kept is bool(value)
        if field.type == "datetime":
            return str(kept) == str(fields.Datetime.to_datetime(value))
        return kept == str(value)

    # ------------------------------------------------------------

    def _public_methods(self, model):
        """Yield the methods of our own that can be called from outside, with how many arguments they take."""
        for method in dir(type(self.env[model])):
            function = getattr(type(self.env[model]), method, None)
            module = getattr(function, "__module__", None) or ""
            if method.startswith("_") or not module.startswith("odoo.addons.marketing_automation"):
                continue
            try:
                function = get_public_method(self.env[model], method)
            except (AccessError, AttributeError):
                continue
            parameters = list(inspect.signature(function).parameters)[1:]
            yield method, len(parameters), getattr(function, "_api_model", False)

    @mute_logger("odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_arguments_of_all_methods(self):
        self.failures = {}
        two = (self.campaign + self._create_campaign(name="Second")).ids
        found = set()
        for model in self.models:
            record = self.records.get(model)
            for method, count, of_model in self._public_methods(model):
                found.add(f"{model}.{method}")
                ids = [[]] if of_model else [[], two, [999_999], [FAR], [2**70], [-1], [0]]
                for res_ids in ids:
                    bound = [] if of_model else [res_ids]
                    self._check(model, method, [*bound, *([[]] * count)])
                if not count or not (record or of_model):
                    continue
                bound = [] if of_model else [record.ids]
                for value in self.values:
                    self._check(model, method, [*bound, *([value] * count)])
        self._report()
        self.assertGreater(len(found), 30)

    @mute_logger("odoo.sql_db", "odoo.models")
    def test_what_wizards_read_from_the_context(self):
        self.failures = {}
        for key in ("active_model", "active_ids", "active_id"):
            for value in self.values:
                self._check(
                    "marketing.campaign.enroll", "default_get", [["model_name", "res_ids", "campaign_id"]], {key: value}
                )
        self._report()

    def test_every_model_is_checked(self):
        checked = self.env.registry["marketing.checked.mixin"]
        for model in self.models:
            self.assertTrue(issubclass(self.env.registry[model], checked), model)
            first = next(
                cls for cls in self.env.registry[model].__mro__ if "create" in vars(cls) or "write" in vars(cls)
            )
            self.assertEqual(first.__name__, "MarketingCheckedMixin", f"{model}: values are checked before all else")


class _Accepted(BaseException):
    """Undoes what was accepted."""
