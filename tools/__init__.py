"""What bin/run, bin/test and bin/odoo are made of: one idea per module.

`__main__` and what it imports run on the system's bare Python, to make the environment; all else runs inside that.
"""
