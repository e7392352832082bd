from . import (
    base,
    base_automation,
    mail_thread,
    marketing_campaign,
    marketing_entry,
    choices,
    watches,
    people,
    begin,
    looks,
    subject,
    kinds,
)
