from . import (
    test_rights_table,
    test_sms_campaign,
    test_sms_clicks,
    test_sms_guards,
    test_sms_links,
    test_sms_outcomes,
    test_sms_pressure,
    test_sms_preview,
    test_sms_providers,
    test_sms_queue,
    test_sms_reach,
    test_sms_tour,
)
