import random

from psycopg2.errors import CheckViolation, NotNullViolation

from odoo.exceptions import UserError
from odoo.service.model import call_kw

from .common import MarketingAutomationCommon
from .deadline import deadline

SEED, CALLS = 18, 5_000
FAR = 2**31
# What refusals write into the log.
NOISE = (
    "odoo.sql_db",
    "odoo.models",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
    "odoo.addons.marketing_automation.models.guards.calls",
)
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


class GeneratedCase(MarketingAutomationCommon):
    """Calls by RPC with whatever JSON and XML-RPC can bring."""

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

    def _call(self, model, method, args, context=None, kwargs=None):
        """Call as Odoo's RPC does; return what was raised, a sentence or None."""
        records = self.env[model].with_user(self.marketer).with_context(**context or {})
        try:
            with deadline(2), self.cr.savepoint():
                call_kw(records, method, args, kwargs or {})
                self.env.flush_all()
                raise Accepted
        except Accepted:
            return None
        except UserError as error:
            self.assertTrue(str(error).strip())
            self.assertNotIn("Traceback (most recent call last)", str(error))
            self.assertLess(len(str(error)), 2_000)
            return error
        except (CheckViolation, NotNullViolation) as error:  # of which Odoo makes a sentence, in retrying()
            return error
        finally:
            self.env.invalidate_all(flush=False)
            self.env.cache.clear()

    def _check(self, model, method, args, context=None, kwargs=None):
        shown = f"{model}.{method}({str(args)[:200]}, {str(context)[:100]}, {str(kwargs)[:200]})"
        try:
            return self._call(model, method, args, context, kwargs)
        except Exception as error:
            self.failures[f"{shown}: {type(error).__name__}: {str(error)[:150]}"] = error
            return error

    def _report(self):
        self.assertFalse(self.failures, "\n" + "\n".join(list(self.failures)[:40]))


class Accepted(BaseException):
    """Undoes what was accepted."""
