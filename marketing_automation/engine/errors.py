class CampaignStop(Exception):
    """A campaign cannot go on; the message says why, for its users."""


class StepHeld(CampaignStop):
    """A step waits for an Update, while the others go on.

    :param int activity_id: of the step
    """

    def __init__(self, message, activity_id):
        super().__init__(message)
        self.activity_id = activity_id
