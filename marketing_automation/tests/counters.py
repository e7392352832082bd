"""What screens show, compared with what is there: counted anew, the slow way."""

EVENTS = """
SELECT campaign_id, activity_id, CASE WHEN by_person THEN event ELSE 'machine_' || event END, count(*)
  FROM (SELECT campaign_id, activity_id, event, bool_or(origin IS DISTINCT FROM 'machine') AS by_person
          FROM marketing_trace_event WHERE is_test IS NOT TRUE AND event NOT IN ('sent', 'failed')
      GROUP BY campaign_id, activity_id, event, trace_id) AS happened
 WHERE campaign_id = ANY(%s) GROUP BY 1, 2, 3
"""


def counter_differences(env):
    """Return where the numbers on screens differ from the participants, steps and events that there are."""
    campaigns = env["marketing.campaign"].sudo().with_context(active_test=False).search([])
    differences = campaigns._find_counter_differences()
    env.cr.execute(EVENTS, [campaigns.ids])
    events = {tuple(key): number for *key, number in env.cr.fetchall()}
    labels = dict(env["marketing.trace.event"]._fields["event"]._description_selection(env))
    kinds = {*labels, *(f"machine_{event}" for event in labels)} - {"sent", "failed"}
    shown = {key: number for key, number in campaigns._read_counters().items() if key[2] in kinds and number}
    return differences + sorted(shown.items() ^ events.items())
