from . import marketing_campaign, marketing_participant, reentry, unicity
