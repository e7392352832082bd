from . import test_automation_rules, test_rights_table
