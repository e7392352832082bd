import inspect

from odoo.exceptions import AccessError, UserError
from odoo.http import serialize_exception
from odoo.service.model import get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger

from .generated_case import CALLS, FAR, NOISE, GeneratedCase

WRONG_IDS = [
    *("x", "5", "", "\0", True, 1.0, 1.5, float("nan"), FAR, 2**63, 10**40, -1, {"id": 1}, None, {}),
    *([True], ["x"], ["\0"], ["1"], [1.0], [[1]], [[]], [{}], [None], [0], [-1], [FAR], [2**63], [1, "x"], [[[1]]]),
]
# What each method that reads takes, so that one wrong argument is alone among right ones.
RIGHT = {
    "aggregates": ["__count"],
    "domain": [],
    "field_name": "create_uid",
    "fields": ["display_name"],
    "fields_to_export": ["display_name"],
    "full_name": "x.y",
    "group_by": "create_uid",
    "groupby": ["create_uid"],
    "grouping_sets": [["create_uid"], []],
    "name": "x",
    "operation": "read",
    "parent_field": "create_uid",
    "progress_bar": {"field": "create_uid", "colors": {}},
    "specification": {"display_name": {}},
    "view_id": None,
    "view_type": "form",
    "views": [[False, "form"]],
    "data": [["x"]],
    "vals": {},
    "vals_list": [],
    "help_message": "",
    "field_names": [],
    "fields_spec": {},
}
ARGUMENTS = [
    *(["nothing"], ["name", "nothing"], ["name.x"], ["id", None], [["name"]], ["create_date:week"], ["create_date:x"]),
    *(["name:sum"], ["__count:x"], ["id:array_agg"], ["create_uid.name"], ["name:"], [":"], [""], "name", "name, name"),
    *("id desc", "id; drop", "nothing", "id asc nulls", "name.x", "create_uid.login", ",", "id,", " ", "count(*)"),
    *(
        {"nothing": {}},
        {"name": None},
        {"name": 1},
        {"create_uid": {"fields": None}},
        {"create_uid": {"fields": ["x"]}},
    ),
    *({"create_uid": {"fields": {"nothing": {}}}}, {"create_uid": {"context": 1, "fields": {}}}, {"create_uid": "x"}),
    *({"marketing_activity_ids": {"limit": "x", "fields": {}}}, {"marketing_activity_ids": {"order": "x"}}),
    *([["id", "=", 1]], [["id", "="]], [["id"]], [["nothing", "=", 1]], [["id", "~", 1]], [["id", "in", 1]], ["&"]),
    *(["!"], ["|", ["id", "=", 1]], [[1, "=", 1]], [["id", "=", "x"]], [["id", "=", FAR]], [["id", "=", 2**70]]),
    *([["name", "=", "\0"]], [["name", "=", {}]], [["create_date", ">", "x"]], [["create_date", "=", 1]]),
    *([["create_uid.x.y", "=", 1]], [["create_uid", "any", 1]], [["create_uid", "any", [["x", "=", 1]]]]),
    *([["create_date.month_number", "=", "x"]], [["create_uid", "child_of", "x"]], [["create_uid", "=", "\ud800"]]),
    *([["display_name", "ilike", []]], [["display_name", "=", {}]], [["id", "like", 5]], [["id", "in", [[1]]]]),
    *([["__count", ">", "x"]], "read", "unlink", "=", "in", "any", "child_of", "form", "list", "search", "nothing"),
    *([["id", "in", [2**70]]], [["id", "=", 1.5]], [["id", ">", float("nan")]], [["id", "in", ["\0"]]], [[], []]),
]
STARRED = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
OPERATORS = [
    *["=", "!=", "<", ">=", "in", "like", "=ilike", "=?", "child_of", "any", "x"],
    "not in",
    "not ilike",
    "",
    None,
]


@tagged("post_install", "-at_install")
class TestGeneratedReads(GeneratedCase):
    """Ids and arguments of what every model can be asked for are served, or refused in a sentence."""

    def setUp(self):
        super().setUp()
        self.failures = {}
        self.marketer.group_ids += self.env.ref("base.group_allow_export")

    def _methods(self, model):
        """Yield all methods that can be called from outside, with the names of their parameters."""
        for name in dir(type(self.env[model])):
            try:
                method = get_public_method(self.env[model], name)
            except (AccessError, AttributeError):
                continue
            if inspect.isfunction(inspect.getattr_static(type(self.env[model]), name)):
                yield (
                    name,
                    list(inspect.signature(method).parameters.values())[1:],
                    getattr(method, "_api_model", False),
                )

    def _arguments(self, parameters):
        """Return right arguments for the parameters that must be given."""
        return {
            parameter.name: RIGHT.get(parameter.name, 1)
            for parameter in parameters
            if parameter.default is parameter.empty and parameter.kind not in STARRED
        }

    @mute_logger(*NOISE)
    def test_ids(self):
        served = []
        for model in self.models:
            for method, parameters, of_model in self._methods(model):
                if of_model:
                    continue
                kwargs = self._arguments(parameters)
                for res_ids in WRONG_IDS:
                    error = self._check(model, method, [res_ids], kwargs=kwargs)
                    # a report numbers what is kept as figures below zero
                    is_row = res_ids == [-1] and not self.env[model]._auto
                    if error is None and res_ids and not is_row:
                        served.append((model, method, res_ids))
        self._report()
        self.assertFalse(served, "a wrong id is refused by whatever is called")

    @mute_logger(*NOISE)
    def test_arguments(self):
        calls = [
            (model, method, parameters, of_model, parameter)
            for model in self.models
            for method, parameters, of_model in self._methods(model)
            if hasattr(type(self.env["base"]), method)
            and method not in ("create", "write", "copy_translations")  # values; records, which no caller can hand over
            for parameter in parameters
            if parameter.kind not in STARRED
        ]
        values = [*self.values, *ARGUMENTS, *ARGUMENTS, *ARGUMENTS]
        accepted = 0
        for number in range(CALLS):
            model, method, parameters, of_model, parameter = calls[number % len(calls)]
            kwargs = {**self._arguments(parameters), parameter.name: self.random.choice(values)}
            args = [] if of_model else [self.records[model].ids if model in self.records else []]
            accepted += self._check(model, method, args, kwargs=kwargs) is None
        self._report()
        self.assertGreater(accepted, CALLS // 20)
        self.assertLess(accepted, CALLS * 3 // 4)

    @mute_logger(*NOISE)
    def test_conditions(self):
        """Any field, operator and value; where it cannot be searched, a sentence says so."""
        accepted = 0
        for number in range(CALLS // 2):
            model = self.models[number % len(self.models)]
            fname = self.random.choice(sorted(self.env[model]._fields))
            domain = [[fname, self.random.choice(OPERATORS), self.random.choice(self.values)]]
            method, kwargs = self.random.choice(
                [
                    ("search", {"domain": domain}),
                    ("search_count", {"domain": domain}),
                    ("web_search_read", {"domain": domain, "specification": {"display_name": {}}}),
                    ("formatted_read_group", {"domain": domain, "groupby": ["create_uid"], "aggregates": ["__count"]}),
                    ("name_search", {"name": "x", "domain": domain}),
                ]
            )
            accepted += self._check(model, method, [], kwargs=kwargs) is None
        self._report()
        self.assertGreater(accepted, 200)

    def test_right_calls(self):
        """What the web client asks for is served as ever."""
        campaigns = self.env["marketing.campaign"].with_user(self.marketer)
        spec = {
            "name": {},
            "company_id": {"fields": {"display_name": {}}},
            "marketing_activity_ids": {"fields": {"name": {}}, "limit": 2, "order": "id desc"},
        }
        found = campaigns.web_search_read([("id", "=", self.campaign.id)], spec, limit=80, offset=0, count_limit=101)
        self.assertEqual(found["length"], 1)
        self.assertEqual(len(found["records"][0]["marketing_activity_ids"]), 2)
        groups = campaigns.web_read_group([], ["state"], ["__count"], limit=80, order="state desc")
        self.assertTrue(groups["groups"])
        self.assertEqual(campaigns.name_search(self.campaign.name)[0][0], self.campaign.id)
        self.assertTrue(campaigns.fields_get(["name"], ["string"])["name"]["string"])
        exported = self.campaign.with_user(self.marketer).export_data(["id", "marketing_activity_ids/name"])
        self.assertEqual(len(exported["datas"]), 2)

    def test_the_error_that_the_web_client_knows(self):
        """By its name, see error_dialogs.js."""
        with self.assertRaises(UserError) as caught:
            self.env["marketing.campaign"].with_user(self.marketer).get_workflow_cards()
        name = "odoo.addons.marketing_automation.models.guards.marketing_checked_mixin.NotSingleError"
        self.assertEqual(serialize_exception(caught.exception)["name"], name)

    def test_the_sentence_names_what_was_wrong(self):
        campaigns = self.env["marketing.campaign"].with_user(self.marketer)
        with self.assertRaisesRegex(UserError, "“nothing”"):
            campaigns.search_read([], ["nothing"])
        with self.assertRaisesRegex(UserError, "“ten” is no number"):
            campaigns.search([], limit="ten")
        with mute_logger(*NOISE), self.assertRaisesRegex(UserError, "nothing"):
            campaigns.search([("nothing", "=", 1)])
