from . import (
    ir_actions_server,
    mailing_mailing,
    mailing_trace,
    marketing_activity,
    marketing_campaign,
    marketing_trace,
    res_config_settings,
    sms_sms,
    sms_sms_queue,
    sms_sms_handover,
    sms_tracker,
    utm_campaign,
)
