from . import marketing_campaign_test, marketing_campaign_update
