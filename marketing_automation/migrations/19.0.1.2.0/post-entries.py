def migrate(cr, version):
    """Give each campaign the entry that it always had: whoever matches its filter. It runs with it, without an Update.

    Participants from before keep no entry: writing millions of them would tell nothing that their source does not.
    """
    cr.execute(
        """
        INSERT INTO marketing_entry (campaign_id, sequence, active, entry_type, create_uid, write_uid, create_date,
                                     write_date)
        SELECT c.id, 10, TRUE, 'filter', c.create_uid, c.create_uid, c.create_date, c.create_date
          FROM marketing_campaign c
         WHERE NOT EXISTS (SELECT 1 FROM marketing_entry e WHERE e.campaign_id = c.id)
        """
    )
    cr.execute(
        """
        UPDATE marketing_campaign c
           SET workflow = jsonb_set(c.workflow, '{entries}', jsonb_build_array(jsonb_build_object(
                   'id', e.id, 'entry_type', 'filter', 'settings', '{}'::jsonb)))
          FROM marketing_entry e
         WHERE e.campaign_id = c.id AND jsonb_typeof(c.workflow) = 'object' AND NOT c.workflow ? 'entries'
        """
    )
