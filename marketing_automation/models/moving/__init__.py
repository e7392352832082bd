from . import (
    marketing_moving_mixin,
    marketing_campaign,
    marketing_activity,
    marketing_activity_branch,
    marketing_entry,
    mailing_mailing,
    ir_actions_server,
    finder,
    maker,
    writer,
)
