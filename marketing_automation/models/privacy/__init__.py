from . import (
    mail_thread,
    marketing_campaign,
    marketing_participant,
)
