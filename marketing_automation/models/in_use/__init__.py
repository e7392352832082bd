from . import (
    mailing_list,
    marketing_campaign,
    res_company,
    res_users,
    resource_calendar,
    utm_campaign,
    utm_source,
)
