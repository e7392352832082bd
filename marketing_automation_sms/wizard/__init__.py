from . import marketing_campaign_test, marketing_sample, sms_composer
