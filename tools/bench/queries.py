"""Queries per participant: the slope over three sizes, so that what a run costs anyhow does not count."""

from .actions import start
from .campaigns import NOTHING, make_mailing, start_campaign
from .laps import administrator, lap, superuser
from .lines import at_most, line
from .messages import clear_all, no_wire

SIZES = (50, 500, 5_000)


def measure(registry, size, runs):
    """Count the queries of enrolment, of a no-op action and of an email, each for 50, 500 and 5 000 contacts."""
    counts = {"enrolment": [], "no-op action": [], "email": []}
    for contacts in SIZES:
        enrolment, execution = _run(registry, contacts, lambda: start(registry, contacts, NOTHING))  # noqa: B023
        counts["enrolment"].append(enrolment)
        counts["no-op action"].append(execution)
        _enrolment, execution = _run(registry, contacts, lambda: _start_email(registry, contacts))  # noqa: B023
        counts["email"].append(execution)
    targets = {"enrolment": at_most("ours", 0.05), "email": None, "no-op action": None}
    return [_slope(name, found, targets[name]) for name, found in counts.items()]


def _run(registry, contacts, begin):
    with lap() as enrolment:
        campaign_id = begin()
    with no_wire(), superuser(registry) as env, lap() as execution:
        env["marketing.campaign"].browse(campaign_id).execute_activities()
    with superuser(registry) as env:
        done = env["marketing.trace"].search_count([("state", "=", "processed")])
        assert done == contacts, f"{done} of {contacts} were executed"
    clear_all(registry)
    return enrolment.queries, execution.queries


def _start_email(registry, contacts):
    with administrator(registry) as env:
        mailing = make_mailing(env, mailing_type="mail", use_in_marketing_automation=True)
        campaign = start_campaign(env, contacts, "email", mass_mailing_id=mailing.id)
        env.cr.commit()
        env["marketing.campaign"].sudo().browse(campaign.id).sync_participants()
        return campaign.id


def _slope(name, counts, target):
    slope = (counts[2] - counts[1]) / (SIZES[2] - SIZES[1])
    notes = {f"queries at {size}": found for size, found in zip(SIZES, counts, strict=True)}
    return line(f"queries per participant: {name}", "slope, 500 to 5 000", [slope], target=target, notes=notes)
