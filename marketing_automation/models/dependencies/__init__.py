from . import (
    ir_actions_server,
    ir_attachment,
    mailing_files,
    mailing_mailing,
    marketing_activity,
    marketing_campaign,
    references,
)
