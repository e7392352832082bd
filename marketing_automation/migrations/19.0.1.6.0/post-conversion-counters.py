def migrate(cr, version):
    """Count who reached a goal before this release: from now on the triggers count them."""
    cr.execute(
        """
        INSERT INTO marketing_counter (campaign_id, activity_id, metric, date, number)
        SELECT campaign_id, 0, 'goal', '-infinity', count(*) FROM marketing_participant
         WHERE goal_date IS NOT NULL AND is_test IS NOT TRUE GROUP BY campaign_id
        """
    )
