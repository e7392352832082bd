from . import marketing_campaign_test
