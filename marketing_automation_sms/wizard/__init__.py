from . import marketing_campaign_test, sms_composer
