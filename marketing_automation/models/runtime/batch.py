"""What the traces of a batch have in common, read once for all of them."""

from dataclasses import dataclass, field
from functools import cached_property


class Batch:
    """Traces of one campaign that are dealt with together.

    :param campaign: their marketing.campaign; that of a test in the environment of the test
    :param datetime now: the moment at which the engine works, UTC
    """

    def __init__(self, campaign, now):
        self.campaign = campaign
        self.now = now
        self.matching = set()  # ids of the records that match the campaign's filter, once that was read

    @cached_property
    def workflow(self):
        return self.campaign._get_workflow()

    @cached_property
    def env(self):
        """The environment of the campaign's user.

        :raise CampaignStop: when that user may no longer act
        """
        return self.campaign._get_run_env()


@dataclass(frozen=True)
class Turn:
    """How the steps of a campaign are executed, read before they are claimed.

    :param set light: ids of the activities whose steps are light
    :param dict locks: of the activities that one lane at a time executes, the name of the lock that it holds
    """

    light: set = field(default_factory=set)
    locks: dict = field(default_factory=dict)
