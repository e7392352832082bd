"""A database in which a campaign of an email, a wait for an open, and an action has run its course for everybody.

Filled by SQL in the shape that the engine leaves: one contact in ten has opened, one in a hundred has clicked.
"""

from .campaigns import NOTHING, make_action, make_activity, make_campaign, make_mailing
from .laps import administrator

PARTICIPANTS = """
INSERT INTO marketing_participant (campaign_id, model_name, res_id, run, state, is_test, source, date_start, date_end,
                                   create_uid, write_uid, create_date, write_date)
SELECT {campaign}, 'res.partner', id, 1, 'completed', FALSE, 'filter', m, m, 1, 1, m, m
  FROM (SELECT id, now() AT TIME ZONE 'UTC' - id % 720 * interval '1 hour' AS m
          FROM res_partner WHERE city = 'Benchville') AS c
"""
EMAIL_TRACES = """
INSERT INTO marketing_trace (participant_id, campaign_id, activity_id, visit, res_id, state, schedule_date, done_date,
                             sent_date, is_test, attempt, create_uid, write_uid, create_date, write_date)
SELECT id, campaign_id, {email}, 1, res_id, 'processed', date_start, date_start, date_start, FALSE, 1, 1, 1,
       date_start, date_start
  FROM marketing_participant
"""
ACTION_TRACES = """
INSERT INTO marketing_trace (participant_id, campaign_id, activity_id, visit, res_id, parent_id, state, schedule_date,
                             done_date, is_test, attempt, create_uid, write_uid, create_date, write_date)
SELECT participant_id, campaign_id, {action}, 1, res_id, id, 'processed', schedule_date, schedule_date, FALSE, 1, 1, 1,
       schedule_date, schedule_date
  FROM marketing_trace WHERE activity_id = {email} AND participant_id %% 10 = 0
"""
MESSAGES = """
INSERT INTO mailing_trace (trace_type, model, res_id, email, message_id, trace_status, sent_datetime, mass_mailing_id,
                           campaign_id, marketing_trace_id, create_uid, write_uid, create_date, write_date)
SELECT 'mail', 'res.partner', c.id, c.email_normalized, '<' || c.id || '{mark}@bench.example.com>', 'sent',
       c.create_date, m.id, m.campaign_id, {trace}, 1, 1, c.create_date, c.create_date
  FROM res_partner c JOIN mailing_mailing m ON m.id = {mailing}
       {join}
 WHERE c.city = 'Benchville'
"""
EVENTS = """
INSERT INTO marketing_trace_event (trace_id, event, date, source, campaign_id, activity_id, participant_id, is_test,
                                   consumed)
SELECT id, '{event}', done_date, 'bench', campaign_id, activity_id, participant_id, FALSE, TRUE
  FROM marketing_trace WHERE activity_id = {email} AND participant_id %% {each} = 0
"""


def fill(registry, size):
    """Make the campaign, and the rows of `size` participants; and a mailing of Odoo's to the same contacts."""
    with administrator(registry) as env:
        campaign = make_campaign(env, size)
        template = make_mailing(env, mailing_type="mail", use_in_marketing_automation=True)
        email = make_activity(campaign, "email", mass_mailing_id=template.id)
        action = make_action(env, **NOTHING)
        opened = make_activity(
            campaign, "action", trigger_type="mail_open", parent_id=email.id, server_action_id=action.id
        )
        mailing = make_mailing(env, mailing_type="mail", mailing_domain="[('id', '=', 0)]")
        campaign.domain = "[('id', '=', 0)]"  # so that Start enrols nobody
        campaign.action_start_campaign()
        env.flush_all()
        ids = {"campaign": campaign.id, "email": email.id, "action": opened.id}
        ours = f"JOIN marketing_trace t ON t.res_id = c.id AND t.activity_id = {email.id}"
        for statement in [
            PARTICIPANTS.format(**ids),
            EMAIL_TRACES.format(**ids),
            *(EVENTS.format(event=event, each=each, **ids) for event, each in [("sent", 1), ("open", 10)]),
            EVENTS.format(event="click", each=100, **ids),
            ACTION_TRACES.format(**ids),
            MESSAGES.format(mark="-ours", trace="t.id", mailing=template.id, join=ours),
            MESSAGES.format(mark="-odoo", trace="NULL::int", mailing=mailing.id, join=""),
        ]:
            env.cr.execute(statement.replace("%%", "%"))
        env.cr.execute("UPDATE mailing_mailing SET state = 'done' WHERE id = ANY(%s)", [[template.id, mailing.id]])
    return size
