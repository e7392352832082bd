"""The app goes, with campaigns, messages and templates in every state: nobody gets anything, Odoo is as before."""

import pytest
from company import BODY, EXECUTION_CRON, MAIL_CRON, SMS_CRON, make_campaign, make_people, model_of
from modules import APP, OURS, complaints, install, installed, run_cron, uninstall
from test_real_campaign import LOCAL, fetch

from tools.test_databases import BASE, run_database
from tools.workspace import workspace

# All of Odoo's that send something, or prepare what others send
SENDING_CRONS = (
    "mass_mailing.ir_cron_mass_mailing_queue",
    "mass_mailing.ir_cron_mass_mailing_ab_testing",
    "mail.ir_cron_post_scheduled_message",
    "mail.ir_cron_send_scheduled_message",
    MAIL_CRON,
    SMS_CRON,
)
# What a database is made of: of the tables, of what Odoo knows about them, and of what an addon brings
SCHEMA = {
    "tables": "SELECT relkind::text || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "columns": """
        SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable) FROM information_schema.columns
         WHERE table_schema = 'public'
    """,
    "constraints": """
        SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
         WHERE conrelid != 0
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "models": "SELECT model FROM ir_model",
    "fields": "SELECT concat_ws(' ', model, name, ttype, store) FROM ir_model_fields",
    "selections": """
        SELECT concat_ws(' ', model, f.name, value) FROM ir_model_fields_selection s
          JOIN ir_model_fields f ON f.id = field_id
    """,
    # except foreign keys: of any addon's, Odoo leaves these lines behind
    "reflected constraints": "SELECT name FROM ir_model_constraint WHERE type != 'f'",
    "relations": "SELECT name FROM ir_model_relation",
    "views": "SELECT concat_ws(' ', model, name, type, key) FROM ir_ui_view",
    "menus": "SELECT concat_ws(' ', name, web_icon) FROM ir_ui_menu",
    "windows": "SELECT concat_ws(' ', name, res_model, domain, path) FROM ir_act_window",
    "crons": "SELECT cron_name FROM ir_cron",
    "rights": "SELECT name FROM ir_model_access UNION ALL SELECT name FROM ir_rule",
    "groups": "SELECT name::text FROM res_groups UNION ALL SELECT name::text FROM res_groups_privilege",
    "assets": "SELECT name FROM ir_asset",
    "parameters": "SELECT key FROM ir_config_parameter WHERE key LIKE 'marketing%%'",
    # except the list of addons that Odoo finds on its path
    "external ids": """
        SELECT concat_ws(' ', model, module, name) FROM ir_model_data WHERE model != 'ir.module.module'
    """,
}
# The list of those who consented is not the addon's
KEPT = {"mailing.list __marketing_automation_templates__ confirmed"}
# Where Odoo keeps the name of a model beside an id
REFERENCES = {
    "ir_attachment": "res_model",
    "ir_model_data": "model",
    "mail_activity": "res_model",
    "mail_followers": "res_model",
    "mail_message": "model",
}
# Odoo's own history of what campaigns sent, and what counts it
HISTORY = {
    "mailing_trace": "id, trace_type, mass_mailing_id, res_id, email, sent_datetime, open_datetime, "
    "links_click_datetime",
    "mailing_mailing": "id, subject, mailing_type, body_html, campaign_id",
    "utm_campaign": "id, title, name",
    "utm_source": "id, name",
    "utm_medium": "id, name",
    "link_tracker": "id, url, campaign_id, source_id",
    "link_tracker_code": "id, code, link_id",
    "link_tracker_click": "id, link_id, mailing_trace_id, mass_mailing_id",
}


def schema(query):
    """:param query: a function that runs a statement"""
    return {name: sorted(str(text) for (text,) in query(statement)) for name, statement in SCHEMA.items()}


def history(query):
    return {table: query(f"SELECT {columns} FROM {table} ORDER BY id") for table, columns in HISTORY.items()}


@pytest.fixture
def stock_schema():
    """The schema of the database from which the test's own was made, before our addons came."""
    with workspace() as space, run_database(space, BASE) as (database, _template):
        yield schema(lambda statement: space.databases.query(database, statement))


def queued(server, table, number):
    """:return: the ids of this many messages of campaigns that wait in a queue of Odoo's"""
    rows = server.query(f"SELECT id FROM {table} WHERE state = 'outgoing' ORDER BY id")
    assert len(rows) == number
    return [row_id for (row_id,) in rows]


def live(server, smtp_sink, sms_sink):
    """Have campaigns, messages and templates in every state."""
    rpc = server.rpc
    rpc("res.config.settings", "execute", [rpc("res.config.settings", "create", {"marketing_automation_lanes": 3})])
    assert len(server.query("SELECT id FROM ir_cron WHERE cron_name LIKE '%%execute activities%%'")) == 3
    make_people(rpc, "Ada")
    campaigns = {name: make_campaign(rpc, name) for name in ("Draft", "Running", "Stopped", "Archived")}
    running = campaigns["Running"]
    rpc("marketing.campaign", "action_start_campaign", [running])
    for cron in (EXECUTION_CRON, MAIL_CRON, SMS_CRON):
        run_cron(server, cron)
    assert (len(smtp_sink.messages), len(sms_sink.numbers)) == (1, 1)
    html = smtp_sink.messages[0].get_body(("html",)).get_content()
    [link] = [url for url in LOCAL.findall(html) if "/r/" in url]
    assert fetch(link)[0] == 301
    links = [url for url in LOCAL.findall(html) if "/web/" not in url]

    people = make_people(rpc, "Ben", "Cleo", "Dora")
    rpc("marketing.campaign", "action_enroll", [running], people)
    for name in ("Stopped", "Archived"):
        rpc("marketing.campaign", "action_start_campaign", [campaigns[name]])
    run_cron(server, EXECUTION_CRON)
    rpc("marketing.campaign", "action_stop_campaign", [campaigns["Stopped"]])
    rpc("marketing.campaign", "action_archive", [campaigns["Archived"]])
    test = rpc(
        "marketing.campaign.test", "create", {"campaign_id": campaigns["Draft"], "res_id": people[0], "confirmed": True}
    )
    rpc("marketing.campaign.test", "action_launch_test", [test])
    rpc("marketing.campaign", "create_from_template", "double_optin")
    user_filter = {"name": "Mine", "model_id": "marketing.campaign", "domain": "[]", "user_ids": [2]}
    rpc("ir.filters", "create", user_filter)

    mails = queued(server, "mail_mail", 11)  # three of Running, four each of Stopped and Archived
    rpc("mail.mail", "write", mails[:1], {"state": "exception", "failure_type": "mail_smtp"})
    rpc("mail.mail", "write", mails[1:2], {"scheduled_date": "2100-01-01 00:00:00"})
    messages = queued(server, "sms_sms", 11)
    rpc("sms.sms", "write", messages[:1], {"state": "error", "failure_type": "sms_server"})
    templates = server.query("SELECT id FROM mailing_mailing WHERE use_in_marketing_automation ORDER BY id")
    for (template,), state in zip(templates, ["draft", "in_queue", "sending", "done"] * 2, strict=False):
        # whatever it came by: nobody may write it
        server.query("UPDATE mailing_mailing SET state = %s WHERE id = %s", state, template)
    states = dict(server.query("SELECT state, count(*) FROM marketing_campaign WHERE active GROUP BY state"))
    assert {"draft", "running", "stopped"} <= set(states)
    assert server.query("SELECT id FROM marketing_campaign WHERE NOT active")
    assert server.query("SELECT id FROM marketing_participant WHERE is_test")
    return [template for (template,) in templates], links


def make_ordinary(rpc):
    """Put a mailing and an SMS mailing of a user's own into Odoo's queue, for one person."""
    [zoe] = make_people(rpc, "Zoe")
    values = {
        "mailing_model_id": model_of(rpc, "res.partner"),
        "mailing_domain": repr([("id", "=", zoe)]),
        "body_html": BODY,
        "body_plaintext": "Hello",
    }
    both = [{"subject": f"Ordinary {kind}", "mailing_type": kind, **values} for kind in ("mail", "sms")]
    mailings = rpc("mailing.mailing", "create", both)
    rpc("mailing.mailing", "action_put_in_queue", mailings)


def run_queues(server):
    for cron in SENDING_CRONS:
        run_cron(server, cron)


def test_nothing_is_sent_and_nothing_is_left(company, smtp_sink, sms_sink, stock_schema):
    rpc = company.rpc
    templates, links = live(company, smtp_sink, sms_sink)
    make_ordinary(rpc)
    sent = (len(smtp_sink.messages), len(sms_sink.numbers))
    before = history(company.query)
    actions = company.query("SELECT id FROM ir_act_server WHERE usage = 'marketing_automation'")

    uninstall(company, APP)

    assert not installed(company)
    found = schema(company.query)
    for name, expected in stock_schema.items():
        assert (name, (set(found[name]) ^ set(expected)) - KEPT) == (name, set())
    for table, column in REFERENCES.items():
        assert (table, company.query(f"SELECT {column} FROM {table} WHERE {column} LIKE 'marketing.%%'")) == (table, [])
    assert history(company.query) == before
    assert all(before.values())

    # every queue, and what was scheduled for later
    company.query("UPDATE mail_mail SET scheduled_date = now() - interval '1 hour' WHERE scheduled_date IS NOT NULL")
    run_queues(company)
    assert (len(smtp_sink.messages), len(sms_sink.numbers)) == (sent[0] + 1, sent[1] + 1), "the ordinary ones alone"

    # whatever somebody does with what is left of the templates
    found = rpc("mailing.mailing", "read", templates, ["state", "active", "mailing_domain", "kpi_mail_required"])
    left = {(row["state"], row["active"], row["mailing_domain"], row["kpi_mail_required"]) for row in found}
    assert left == {("done", False, "[('id', 'in', [])]", False)}
    rpc("mailing.mailing", "action_unarchive", templates)
    rpc("mailing.mailing", "action_retry_failed", templates)
    copies = [rpc("mailing.mailing", "copy", [template])[0] for template in templates]
    rpc("mailing.mailing", "action_put_in_queue", copies)
    run_queues(company)
    assert (len(smtp_sink.messages), len(sms_sink.numbers)) == (sent[0] + 1, sent[1] + 1)

    for model in (
        "mailing.mailing",
        "mailing.trace",
        "mailing.trace.report",
        "utm.campaign",
        "ir.actions.server",
        "ir.filters",
    ):
        rpc(model, "get_views", [(False, kind) for kind in ("list", "form", "search")])
        assert rpc(model, "search_read", [], limit=1)

    # what people have in their mailboxes still leads somewhere; the picture's address is shorter than Odoo's, so that
    # its opens are no longer counted (administrator guide)
    pictures = [link for link in links if "/mail/track/" in link]
    assert len(pictures) == 1 < len(links)
    for link in links:
        assert fetch(link)[0] in ((401,) if link in pictures else (200, 301, 303)), link

    [person] = make_people(rpc, "After")
    for (action,) in actions:
        run_action(rpc, action, person)
    assert rpc("res.partner", "read", [person], ["ref"])[0]["ref"] == "T" * 4

    install(company, *OURS)
    assert installed(company) == sorted(OURS)
    assert not rpc("marketing.campaign", "search", [])
    rpc("marketing.campaign", "create_from_template", "double_optin")
    assert rpc("mailing.list", "search_count", [("name", "=", "Confirmed contacts")]) == 1, "found again"
    assert not complaints(company)


def run_action(rpc, action, partner):
    """Run a server action that is left, on a record of its model."""
    [values] = rpc("ir.actions.server", "read", [action], ["usage", "model_name"])
    assert values["usage"] == "ir_actions_server"
    model = values["model_name"]
    record = partner if model == "res.partner" else rpc(model, "create", {"email": "after@people.example.com"})
    context = {"active_model": model, "active_id": record, "active_ids": [record]}
    rpc("ir.actions.server", "run", [action], context=context)
