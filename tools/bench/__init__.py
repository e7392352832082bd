"""What bin/bench measures and how: one module per kind of measure.

`rows` lists what is measured, `databases` makes the data, `child` runs one measure in an Odoo process of its own,
`report` prints the table. All else are measures: a function that takes a registry and gives the lines of the table.
"""
