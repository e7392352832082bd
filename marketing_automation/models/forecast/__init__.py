from . import marketing_campaign, people, rates
