"""Peak memory of a process that enrols everybody and executes an action for each, at each size."""

from ..child import peak_memory
from .actions import start
from .campaigns import NOTHING
from .laps import superuser
from .lines import line


def measure(registry, size, runs):
    """Once, in this process: what it took before is of Odoo itself."""
    before = peak_memory()
    campaign_id = start(registry, size, NOTHING)
    enrolled = peak_memory()
    with superuser(registry) as env:
        env["marketing.campaign"].browse(campaign_id).execute_activities()
        done = env["marketing.trace"].search_count([("state", "=", "processed")])
        assert done == size, f"{done} of {size} were executed"
    notes = {"MB before": before, "MB after enrolment": enrolled}
    return [line("peak memory", "MB", [peak_memory()], notes=notes)]
