from . import test_lead_merge, test_lead_numbers, test_leads, test_tour
