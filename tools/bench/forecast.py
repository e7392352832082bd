"""The forecast of a draft, beside an audience of so many."""

from .campaigns import make_activity, make_campaign, make_mailing
from .laps import administrator, lap
from .lines import at_most, line

DEPTH = 4  # emails below each other, each with one for who did not open it


def measure(registry, size, runs):
    """Ask for a forecast as *Start* does."""
    laps = []
    with administrator(registry) as env:
        campaign = make_campaign(env, size)
        template = make_mailing(env, mailing_type="mail", use_in_marketing_automation=True)
        parent = None
        for _depth in range(DEPTH):
            following = {"trigger_type": "activity", "parent_id": parent.id} if parent else {}
            delay = {"interval_number": 3, "interval_type": "days"}
            parent = make_activity(campaign, "email", mass_mailing_id=template.id, **following, **delay)
            unread = {"trigger_type": "mail_not_open", "parent_id": parent.id}
            make_activity(campaign, "email", mass_mailing_id=template.id, **unread, **delay)
        campaign.get_forecast()
        for _run in range(runs):
            with lap() as time:
                found = campaign.get_forecast()
            assert found["people"]["entering"] == size, found["people"]
            laps.append(time)
    notes = {"ms on a processor": 1000 * laps[-1].processor, "ms in the database": 1000 * laps[-1].database}
    return [line("forecast", "ms", [1000 * one.seconds for one in laps], target=at_most("ours", 2000), notes=notes)]
