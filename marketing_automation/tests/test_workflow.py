from dataclasses import replace

from odoo.tests import BaseCase

from ..engine.workflow import VERSION, Step, Workflow

# As release 19.0.1.0.0 kept it: neither a version, nor a target, nor what its steps rest on.
FIRST_RELEASE = {
    "domain": "[('name', '!=', False)]",
    "leave_on_mismatch": False,
    "unique_field": None,
    "steps": [
        {
            "id": 7,
            "parent_id": None,
            "activity_type": "email",
            "trigger_type": "begin",
            "interval_number": 1,
            "interval_type": "hours",
            "domain": "[]",
            "template_id": 3,
            "validity_number": None,
            "validity_type": None,
        }
    ],
}


class TestStoredWorkflow(BaseCase):
    """A running campaign goes on over an upgrade: what it was started with is read by the release that comes."""

    def test_what_was_kept_is_what_is_read(self):
        step = Step(7, None, "email", "begin", 1, "hours", "[]", template_id=3)
        workflow = Workflow("[]", True, "email", {7: step}, "res.partner", {"7": {"text": "a digest"}})
        kept = workflow.to_json()
        self.assertEqual(kept["version"], VERSION)
        self.assertEqual(Workflow.from_json(kept), workflow)

    def test_an_older_release(self):
        workflow = Workflow.from_json(FIRST_RELEASE)
        self.assertEqual(workflow.steps[7].bounce_type, "any")
        self.assertEqual((workflow.model_name, workflow.rests), (None, {}))

    def test_a_field_that_is_gone(self):
        """An addon that kept something of its own was uninstalled, or a later release was taken back."""
        [step] = FIRST_RELEASE["steps"]
        kept = dict(FIRST_RELEASE, version=99, paths=[], steps=[dict(step, split=50)])
        self.assertEqual(Workflow.from_json(kept), Workflow.from_json(FIRST_RELEASE))

    def test_a_setting_that_is_new_and_says_nothing(self):
        """It makes no change that would wait for an Update."""
        kept = Step(7, None, "end", "begin", 0, "days", "[]", settings={"reason": "Won"})
        now = replace(kept, settings={"reason": "Won", "is_goal": False})
        self.assertEqual(kept, now)
        self.assertNotEqual(kept, replace(kept, settings={"reason": "Won", "is_goal": True}))
        self.assertNotEqual(kept, replace(kept, interval_number=1))
