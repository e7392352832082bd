from odoo import fields


class Many2oneNoConstraint(fields.Many2one):
    """A many2one without a foreign key.

    The hooks of this addon insert rows inside transactions of others, where nothing may
    fail. Under REPEATABLE READ a foreign key's check fails when the row that it refers to
    was updated since the snapshot, even though its key was not: such a row is contended.
    """

    def update_db_foreign_key(self, model, column):
        """Leave the column without a constraint; it is indexed as declared."""
