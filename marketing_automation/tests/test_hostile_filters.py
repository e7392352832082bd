from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common import MarketingAutomationCommon
from .deadline import deadline

# Neither of them may take longer than its own length.
BOMBS = [
    "[('id', '=', 9**9**9)]",
    "[('id', 'in', [0] * 10**10)]",
    "[('name', '=', 'a' * 10**10)]",
    "[('name', '=', '%999999999d' % 1)]",
    "[('id', 'in', [x for x in range(10**9)])]",
    "[('id', 'in', list(range(10**9)))]",
    "[('id', '=', 1 << 10**9)]",
    "[('name', '=', f'{9**9**9}')]",
    "[('create_date', '=', context_today() + relativedelta(days=10**9))]",
    "[('create_date', '=', context_today() + relativedelta(years=9999))]",
    "[('create_date', '=', context_today().strftime('%999999999d'))]",
    "[('name', '=', uid.__class__)]",
    "[" * 10_000 + "]" * 10_000,
    "[" * 150,
    "[" + "-" * 100_000 + "1]",
    "[" + "not " * 10_000 + "1]",
    "['!'" + ", '!'" * 10_000 + ", ('id', '=', 1)]",
    "[" + "'&', '|', " * 5_000 + "('id', '=', 1), " * 10_001 + "]",
    "[" + "'&', '|', " * 120 + "('id', '=', 1), " * 241 + "]",
    "1" + " + 1" * 45_000,
    "[]" + " + []" * 30_000,
    "a" + ".a" * 50_000,
    '"' + '\\"' * 90_000,
    "'''" * 50_000,
    "#" * 190_000,
    "[('id', 'in', [" + "1, " * 100_000 + "])]",
    "[('name', '=', '\\0')]",
    "[('name', '=', '\\ud800')]",
    "[('name', '=', b'bytes')]",
    "[('id', '=', 1e400)]",
    "[('id', '=', 'nobody')]",
    "[('id', 'in', [[1], {2}])]",
    "[('create_date', '>', 'soon')]",
    "[('create_date', '>', '2026-99-99')]",
    "[('category_id', 'any', 'x')]",
    "[('category_id', 'any', " * 9 + "1" + ")]" * 9,
    "[('name', 'any!', [])]",
    "[('color', '=', 'red')]",
    "[(1, 2, 3)]",
    "[('name', 'sounds like', 'x')]",
    "[('name.name', '=', 'x')]",
    "[('id', 'inselect', ('SELECT 1', []))]",
    "[('" + "child_ids.parent_id." * 30 + "name', '=', 'a')]",
    "[" + "('" + "child_ids.parent_id." * 3 + "name', '=', 'a'), " * 40 + "]",
]
# … while these are what Odoo's domain editor writes, and what people write by hand.
GENUINE = [
    "[]",
    "['|', ('name', 'ilike', \"l'été\"), '!', ('active', '=', False)]",
    "[('create_date', '>=', 'today -7d')]",
    "[('user_id', '=', uid)]",
    "[('create_date', '>=', context_today().strftime('%Y-%m-%d'))]",
    "[('create_date', '>=', (context_today() + relativedelta(day = 1, months = -1)).strftime('%Y-%m-%d'))]",
    "[('create_date', '>=', (context_today() - datetime.timedelta(days=7)).strftime('%Y-%m-%d %H:%M:%S'))]",
    "[('create_date', '<', datetime.datetime.now())]",
    "[('create_date', '<', datetime.datetime.combine(context_today() + relativedelta(days = -7), "
    'datetime.time(0, 0, 0)).to_utc().strftime("%Y-%m-%d %H:%M:%S"))]',
    "[('partner_latitude', '<', -1.5), ('color', 'not in', [1, -2])]",
    "[('category_id', 'any', [('name', '=', 'x')])]",
    f"[('id', 'in', {list(range(1, 20_001))})]",
    "[" + "'|', " * 200 + "('id', '=', 1), " * 201 + "]",
]


@tagged("post_install", "-at_install")
class TestHostileFilters(MarketingAutomationCommon):
    """Filters of any marketer are read, not executed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign = cls._create_campaign()

    def _write(self, records, **values):
        call_kw(self.env[records._name].with_user(self.marketer), "write", [records.ids, values], {})

    def test_each_ends_in_a_sentence(self):
        activity = self._create_action(self.campaign, "Act")
        for text in BOMBS:
            for records, fname in ((self.campaign, "domain"), (activity, "activity_domain")):
                with (
                    self.subTest(text[:60]),
                    deadline(2),
                    self.assertRaises(ValidationError) as refused,
                    self.cr.savepoint(),
                ):
                    self._write(records, **{fname: text})
                self.assertLess(len(str(refused.exception)), 1_000)

    def test_what_the_editor_writes_is_understood(self):
        for text in GENUINE:
            with self.subTest(text[:60]), deadline(2):
                self._write(self.campaign, domain=text)
                self.campaign._filter_res_ids(self.campaign._get_env_of(self.marketer), self.contacts.ids, [text])

    def test_midnight_is_that_of_the_user(self):
        """The editor means the user's own day: it begins at 22:00 UTC in Brussels' summer."""
        self.marketer.tz = "Europe/Brussels"
        text = (
            "[('create_date', '>=', datetime.datetime.combine(context_today(), datetime.time(0, 0, 0))"
            ".to_utc().strftime('%Y-%m-%d %H:%M:%S'))]"
        )
        with self._at(self.start):
            domain = self.campaign._parse_filter(text, self.campaign._get_env_of(self.marketer))
        [condition] = domain.iter_conditions()
        midnight = self.start.replace(hour=0) - timedelta(hours=2)
        self.assertEqual(str(condition.value), str(midnight))

    def test_a_favourite_filter_likewise(self):
        """Odoo's own model keeps the text; the campaign that takes it over reads it."""
        favourite = self.env["mailing.filter"].create(
            {"name": "F", "mailing_model_id": self.model_partner.id, "mailing_domain": "[('id', '=', 1)]"}
        )
        self.env.flush_all()
        self.cr.execute("UPDATE mailing_filter SET mailing_domain = '[9**9**9]' WHERE id = %s", favourite.ids)
        self.env.invalidate_all()
        with deadline(2), self.assertRaises(UserError), self.cr.savepoint():
            self._write(self.campaign, mailing_filter_id=favourite.id)
