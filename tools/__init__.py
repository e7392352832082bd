"""What bin/run, bin/test and bin/odoo are made of: one idea per module, nothing but Python's standard library before the environment exists."""
