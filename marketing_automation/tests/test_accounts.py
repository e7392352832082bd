import ast
from importlib.util import find_spec
from pathlib import Path

from odoo import Command
from odoo.tests import new_test_user, tagged

from .accounts import ALSO, CONTACTS, EMPLOYEE, OURS, USER
from .common import MarketingAutomationCommon

ADDONS = Path(__file__).resolve().parents[2]


@tagged("post_install", "-at_install")
class TestAccounts(MarketingAutomationCommon):
    """What the other tests show, they show for accounts that have no more rights than accounts.py says."""

    def test_no_account_has_more_than_it_is_said_to_have(self):
        clerk = new_test_user(self.env, login="clerk", groups=EMPLOYEE)
        manager = self.env.ref(CONTACTS)
        for doing in (
            lambda: new_test_user(self.env, login="somebody", groups=USER),
            lambda: new_test_user(self.env, login="newcomer", groups=f"{USER},{CONTACTS}"),
            lambda: clerk.write({"group_ids": [Command.link(self.env.ref(USER).id)]}),
            lambda: self.marketer.write({"group_ids": [Command.link(manager.id)]}),
            lambda: manager.write({"user_ids": [Command.link(self.marketer.id)]}),
        ):
            with self.assertRaisesRegex(AssertionError, "does not say"), self.cr.savepoint(flush=False):
                doing()
            self.env.invalidate_all()

    def test_every_module_that_makes_accounts_is_watched(self):
        """None makes a user in a class that is no MarketingAutomationCommon."""
        for path in sorted([*ADDONS.glob("*/tests/*.py"), *ADDONS.glob("tests/addons/*/tests/*.py")]):
            text = path.read_text()
            if "new_test_user(" in text or '"res.users"].create' in text:
                names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
                watched = {"MarketingAutomationCommon", "LeadsCommon", "MarketingAutomationSmsCommon", "NoviceCase"}
                self.assertTrue(names & watched or "watch_accounts" in text, path.name)

    def test_what_is_said_is_of_modules_that_exist(self):
        for module in ALSO:
            ours = find_spec(module if "." in module else f"{OURS}.{module}")
            self.assertTrue(ours or (ADDONS / "tests" / f"{module}.py").exists(), module)
