def migrate(cr, version):
    """Drop the foreign key to a participant's entry: it took a tenth of each enrolment's time, for nothing."""
    cr.execute("ALTER TABLE marketing_participant DROP CONSTRAINT IF EXISTS marketing_participant_entry_id_fkey")
