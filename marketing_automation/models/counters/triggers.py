"""Counters: what screens count, kept by the database in the transaction that changes it.

    traces, participants, counted events ──triggers──> increments ──added up──> one row for each number

Whatever writes (the engine's SQL, the ORM, a cascade, a query by hand), each statement adds its differences to
``marketing_counter``, a few rows for a batch. These are only ever inserted, so lanes do not wait for one another. One
process adds them up now and then (``marketing_campaign.py``); what is read is the sum of both, in one query.

The table is no model: nothing but these statements touches it, and nobody has rights on it.
"""

from odoo.tools import SQL

TOTAL = SQL("'-infinity'::timestamp")  # the "date" of a number that has none
LEFT_OUT = "left:"  # who got no message, see reach/; as BRANCH of activity/statistics.py

TABLE = """
CREATE TABLE marketing_counter (
    campaign_id int NOT NULL,
    activity_id int NOT NULL,
    metric varchar NOT NULL,
    date timestamp NOT NULL,
    number bigint NOT NULL,
    folded boolean NOT NULL DEFAULT FALSE
);
CREATE UNIQUE INDEX marketing_counter_folded ON marketing_counter (campaign_id, date, activity_id, metric) WHERE folded;
CREATE INDEX marketing_counter_increments ON marketing_counter (campaign_id, date) WHERE NOT folded;
COMMENT ON TABLE marketing_counter IS 'Marketing Automation: what screens count; written by triggers';
"""

# How many rows of a relation have the same of what is counted: thousands of a batch have the same few. Rows of `tests`
# are counted apart, as `test_` and their state.
GROUPS = {
    "marketing_trace": """
        SELECT campaign_id, activity_id, state, is_test IS TRUE AS test, sent_date IS NOT NULL AS sent,
               waiting_since IS NOT NULL AS waiting, branch,
               CASE WHEN state = 'canceled' AND left(end_code, 4) IN ('mail', 'sms_') THEN end_code END AS code,
               CASE WHEN state IN ('processed', 'rejected')
                    THEN date_trunc('hour', done_date) + floor(extract(minute FROM done_date) / 15)
                         * interval '15 minutes' END AS quarter,
               {sign} * count(*) AS number
          FROM {rows} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9""",
    "marketing_participant": """
        SELECT campaign_id, 0 AS activity_id, state, is_test IS TRUE AS test, is_past_run IS TRUE AS past,
               goal_date IS NOT NULL AS reached, {sign} * count(*) AS number
          FROM {rows} GROUP BY 1, 2, 3, 4, 5, 6""",
    "marketing_trace_event": """
        SELECT campaign_id, activity_id, event, counted_as, {sign} * count(*) AS number
          FROM {rows} WHERE counted_as IN ('person', 'machine') GROUP BY 1, 2, 3, 4""",
}
# What each of these groups counts for.
METRICS = {
    "marketing_trace": """
        (CASE WHEN test THEN 'test_' || state ELSE state END, '-infinity'::timestamp),
        (CASE WHEN NOT test THEN state END, quarter),
        (CASE WHEN sent AND NOT test THEN 'sent' END, '-infinity'),
        (CASE WHEN waiting AND state = 'scheduled' AND NOT test THEN 'waiting' END, '-infinity'),
        (CASE WHEN NOT test THEN 'branch:' || branch END, '-infinity'),
        (CASE WHEN NOT test THEN 'left:' || code END, '-infinity')""",
    "marketing_participant": """
        (CASE WHEN test THEN 'test' ELSE state END, '-infinity'::timestamp),
        (CASE WHEN past THEN 'past' END, '-infinity'),
        (CASE WHEN reached AND NOT test THEN 'goal' END, '-infinity')""",
    "marketing_trace_event": """
        (CASE counted_as WHEN 'person' THEN event ELSE 'machine_' || event END, '-infinity'::timestamp)""",
}
NUMBERS = """
    SELECT campaign_id, activity_id, m.metric, m.date, sum(number) AS number
      FROM ({groups}) AS g CROSS JOIN LATERAL (VALUES {metrics}) AS m (metric, date)
     WHERE m.metric IS NOT NULL AND m.date IS NOT NULL
  GROUP BY 1, 2, 3, 4 HAVING sum(number) != 0
"""
FUNCTION = """
CREATE OR REPLACE FUNCTION {table}_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO marketing_counter (campaign_id, activity_id, metric, date, number) {inserted};
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO marketing_counter (campaign_id, activity_id, metric, date, number) {deleted};
    ELSE
        INSERT INTO marketing_counter (campaign_id, activity_id, metric, date, number) {updated};
    END IF;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER {table}_count_{event} AFTER {event} ON {table} REFERENCING {relations}
   FOR EACH STATEMENT EXECUTE FUNCTION {table}_count()
"""
DROP_TRIGGER = "DROP TRIGGER IF EXISTS {table}_count_{event} ON {table}"
DROP_FUNCTION = "DROP FUNCTION IF EXISTS {table}_count() CASCADE"
NEW_EVENTS = "ALTER TABLE marketing_trace_event ALTER COLUMN counted_as SET DEFAULT 'new'"
OLD_EVENTS = """
UPDATE marketing_trace_event SET counted_as = 'new'
 WHERE is_test IS NOT TRUE AND event NOT IN ('sent', 'failed') AND counted_as IS NULL
"""
FILL = "INSERT INTO marketing_counter (campaign_id, activity_id, metric, date, number) {everything}"
EVENTS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}


def numbers(table, **rows):
    """Return the query of what rows count for: campaign, activity (or 0), metric, date, number.

    :param str table: of the rows
    :param rows: relations with the columns of the table; those called ``old`` count negative
    """
    groups = [GROUPS[table].format(rows=relation, sign=-1 if name == "old" else 1) for name, relation in rows.items()]
    return NUMBERS.format(groups=" UNION ALL ".join(groups), metrics=METRICS[table])


def everything():
    """Return the query of all numbers, from what is there."""
    return " UNION ALL ".join(numbers(table, new=table) for table in GROUPS)


def differences():
    """Return the query of where the counters differ from what is there; ``number`` is how many are missing."""
    return f"""
        SELECT campaign_id, activity_id, metric, date, sum(number) AS number FROM (
               {everything()} UNION ALL
               SELECT campaign_id, activity_id, metric, date, -number FROM marketing_counter) AS compared
      GROUP BY campaign_id, activity_id, metric, date HAVING sum(number) != 0"""


def install(cr):
    """Have the database count; what is there already is counted when the table is made, but for events.

    Events are counted when the engine runs, some thousands at a time.
    """
    cr.execute("SELECT to_regclass('marketing_counter')")
    is_new = not cr.fetchone()[0]
    if is_new:
        cr.execute(TABLE)
    for table in GROUPS:
        queries = {
            "inserted": numbers(table, new="new_rows"),
            "deleted": numbers(table, old="old_rows"),
            "updated": numbers(table, old="old_rows", new="new_rows"),
        }
        cr.execute(SQL(FUNCTION.format(table=table, **queries)))
        for event, relations in EVENTS.items():
            words = {"table": table, "event": event, "relations": relations}
            cr.execute(SQL(DROP_TRIGGER.format(**words)))
            if (table, event) != ("marketing_trace_event", "insert"):  # nothing that is new is counted yet
                cr.execute(SQL(TRIGGER.format(**words)))
    cr.execute(NEW_EVENTS)
    if is_new:
        cr.execute(OLD_EVENTS)
        cr.execute(SQL(FILL.format(everything=everything())))


def uninstall(cr):
    for table in GROUPS:
        cr.execute(SQL(DROP_FUNCTION.format(table=table)))
    cr.execute("DROP TABLE IF EXISTS marketing_counter")
