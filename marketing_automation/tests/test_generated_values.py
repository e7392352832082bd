import inspect
from contextlib import suppress

from psycopg2.errors import NotNullViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger

from .deadline import deadline
from .generated_case import CALLS, FAR, NOISE, Accepted, GeneratedCase


@tagged("post_install", "-at_install")
class TestGeneratedValues(GeneratedCase):
    """Whatever a caller hands over is accepted as it is, or refused in a sentence; always soon."""

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

    @mute_logger(*NOISE)
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

    @mute_logger(*NOISE)
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
            with suppress(Accepted, UserError, NotNullViolation), deadline(2), self.cr.savepoint():
                records = self.env[record._name].with_user(self.marketer)
                write_and_read(records, "write", [record.ids, {fname: value}], {})
                raise Accepted
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

    @mute_logger(*NOISE)
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
