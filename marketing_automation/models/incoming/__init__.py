from . import (
    mail_thread,
    mail_blacklist,
    mailing_subscription,
    mailing_trace,
    marketing_campaign,
    marketing_trace,
    reports,
)
