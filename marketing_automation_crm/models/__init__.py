from . import crm_lead, marketing_campaign, marketing_campaign_templates, won_leads
