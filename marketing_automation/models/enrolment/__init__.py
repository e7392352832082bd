from . import circles, marketing_campaign, marketing_entry_request, marketing_participant, reentry, requests, unicity
