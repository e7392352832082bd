from . import crm_lead, marketing_campaign
