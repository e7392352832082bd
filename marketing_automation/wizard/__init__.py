from . import (
    marketing_record_choice,
    base_partner_merge,
    mail_compose_message,
    marketing_campaign_enroll,
    marketing_campaign_import,
    marketing_campaign_start,
    marketing_campaign_test,
    marketing_campaign_update,
    marketing_sample,
)
