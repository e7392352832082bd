"""An upgrade from a release before this version keeps what is there, and stops what may have been abused.

`bin/test --releases` upgrades from each of them; otherwise from the two that differ most and from the last alone.
"""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager

import pytest

from odoo.modules.module import Manifest

from tools import addons
from tools.forked import forked
from tools.odoo_source import odoo_source
from tools.paths import ODOO_CONF, ROOT
from tools.processes import background
from tools.test_databases import BASE, run_database
from tools.workspace import workspace

# The first, in which more could be done than since; 19.0.1.0.1, whose workflows are stored without a version; and the
# last of each minor version. The commit of each, for a clone without tags
RELEASES = {
    "19.0.1.0.0": "8b42a199da016d473c52faeb0e746a1476974e61",
    "19.0.1.0.1": "f4b0cc484dd11a0864544c0cec43fda7661a5a75",
    "19.0.1.0.3": "7615d9a5f5f9fac27164ca89bd99ffa798d8f9ef",
    "19.0.1.1.0": "6c09ef7a67e39bdc05ac0b5ed3d1581b36a974db",
    "19.0.1.2.0": "7adab9c75b35311d136d9b50733a566f6d4b8e40",
    "19.0.1.3.0": "20666aa215030ae5e2eabe49ff4edb7c90718f7d",
    "19.0.1.4.0": "ff1e5ecd0cda7c6f86220bf2834f589518f34b0e",
    "19.0.1.5.0": "321b2530f3ba380e40b86902bfb28d0996dda644",
}
FIRST, UNVERSIONED, *_BETWEEN, LAST = RELEASES
UPGRADED = list(RELEASES) if os.environ.get("MARKETING_RELEASES") else [FIRST, UNVERSIONED, LAST]

# Columns by table, which the upgrade to this version rewrites; what they become is tested with them
CHANGED = {
    "marketing_campaign": {"workflow", "write_date"},
    "mail_mail": {"body_html", "write_date", "write_uid"},
    "ir_act_server": {"marketing_shipped_digest"},
}

# What a company has after some days: every template at work, a campaign that was stopped, events, errors, a test.
# Public names alone: it runs on the released version.
LIFE = """
env.user.email = "admin@company.example.com"
people = [{"name": name, "email": f"{name.lower()}@people.example.com"} for name in ("Ada", "Ben", "Cleo")]
Campaign = env["marketing.campaign"]
partners = env["res.partner"].create(people)
[newsletter] = env["mailing.list"].create([{"name": "News"}])
contacts = env["mailing.contact"].create([{**person, "subscription_ids": [(0, 0, {"list_id": newsletter.id})]}
                                          for person in people])
leads = env["crm.lead"].create([{"name": partner.name, "email_from": partner.email, "partner_id": partner.id}
                                for partner in partners])
for key in Campaign._get_campaign_templates():
    Campaign.create_from_template(key)
campaigns = Campaign.search([])
campaigns.tag_ids = env["utm.tag"].create({"name": "Spring"})
campaigns.domain = "[]"
[crm] = env["ir.model"].search([("model", "=", "crm.lead")])
actions = env["ir.actions.server"].create([
    {"name": name, "model_id": crm.id, "usage": "marketing_automation", "state": "code", "code": code}
    for name, code in (("Fine", "record.write({'priority': '3'})"), ("Bad", "raise UserError('No ink')"))
])
actions[0].message_post(body="Looks good")
by_hand = Campaign.create({"name": "By hand", "model_id": crm.id, "domain": "[]"})
for name, action, days in (("Fine", actions[0], 0), ("Bad", actions[1], 0), ("Later", actions[0], 2)):
    env["marketing.activity"].create({
        "name": name, "campaign_id": by_hand.id, "activity_type": "action", "server_action_id": action.id,
        "trigger_type": "begin", "interval_number": days, "interval_type": "days",
    })
if "sending_calendar_id" in Campaign._fields:  # since 19.0.1.4.0: when messages leave
    closed_today = env["resource.calendar"].create({
        "name": "Another day", "tz": "UTC", "attendance_ids": [(5,), (0, 0, {
            "dayofweek": str((env.cr.now().weekday() + 3) % 7), "hour_from": 9, "hour_to": 17, "name": "Open",
        })],
    })
    campaigns[-1].write({"sending_calendar_id": closed_today.id, "tz_mode": "recipient"})
    campaigns[0].write({"hourly_limit": 100, "warm_up": True})
test = env["marketing.campaign.test"].create({"campaign_id": by_hand.id, "res_id": leads[0].id})
test.action_launch_test()
for campaign in campaigns | by_hand:
    campaign.action_start_campaign()
(campaigns | by_hand).execute_activities()
env["mailing.trace"].search([("marketing_trace_id", "!=", False)], order="id", limit=4).set_clicked()
env["mailing.trace"].search([("marketing_trace_id", "!=", False)], order="id desc", limit=1).set_bounced()
(campaigns | by_hand).execute_activities()
campaigns[0].action_stop_campaign()
past = Campaign.create({"name": "Past", "model_id": crm.id, "domain": "[]"})
env["marketing.activity"].create({
    "name": "Fine", "campaign_id": past.id, "activity_type": "action", "server_action_id": actions[0].id,
    "trigger_type": "begin", "interval_number": 0, "interval_type": "hours",
})
past.action_start_campaign()
past.execute_activities()
past.action_stop_campaign()
if "marketing.activity.branch" in env:  # since 19.0.1.1.0: steps that think
    thinking = Campaign.create({"name": "Thinking", "model_id": crm.id, "domain": "[]"})

    def step(kind, parent=None, trigger="activity", branch=False, **values):
        return env["marketing.activity"].create({
            "name": f"Thinking {kind}", "campaign_id": thinking.id, "activity_type": kind, "interval_number": 0,
            "parent_id": parent and parent.id, "trigger_type": trigger if parent else "begin",
            "branch_id": branch, **values,
        })

    split = step("split", branch_ids=[(0, 0, {"name": "A"}), (0, 0, {"name": "B"})])
    asked = step("condition", split, "branch", split.branch_ids[0].id, condition_domain="[('name', '=', 'Ada')]")
    assigned = step("assign", asked, "cond_yes", person_ids=[(4, env.ref("base.user_admin").id)])
    step("end", asked, "cond_no", end_reason="Not Ada")
    waiting = step("wait", split, "branch", split.branch_ids[1].id, wait_type="domain",
                   wait_domain="[('name', '=', 'Nobody')]", wait_limit_number=20, wait_limit_unit="days")
    step("action", waiting, "wait_timeout", server_action_id=actions[0].id)
    thinking.action_start_campaign()
    thinking.execute_activities()
if "marketing.entry" in env:  # since 19.0.1.2.0: entries, runs, and what others ask for
    doors = Campaign.create({
        "name": "Doors", "model_id": env.ref("base.model_res_partner").id, "domain": "[]", "entry_ids": [(5,)],
        "reentry": "restart",
    })
    since = env["ir.model.fields"]._get("res.partner", "create_date")
    for kind, values in (
        ("filter", {}),
        *([("event", {"event_kind": "created"})] if "event_kind" in env["marketing.entry"] else []),  # since 19.0.1.3.0
        ("date", {"date_field_id": since.id, "offset_number": 1, "offset_unit": "days"}),
        ("webhook", {}),
    ):
        door = env["marketing.entry"].create({"campaign_id": doors.id, "entry_type": kind, **values})
    env["marketing.activity"].create({
        "name": "Greet", "campaign_id": doors.id, "activity_type": "action", "trigger_type": "begin",
        "interval_number": 5, "server_action_id": env["ir.actions.server"].create({
            "name": "Greet", "model_id": doors.model_id.id, "usage": "marketing_automation", "state": "code",
        }).id,
    })
    doors.action_start_campaign()
    doors.execute_activities()
    env["marketing.entry.request"].sudo().request("add", doors, partners.ids, "action")
    env.cr.execute("INSERT INTO marketing_entry_call (entry_id, minute, number) VALUES (%s, now(), 1)", [door.id])
if "goal_domain" in Campaign._fields:  # since 19.0.1.5.0: a goal, limits and lanes
    aiming = Campaign.create({
        "name": "Aiming", "model_id": env.ref("base.model_res_partner").id, "domain": "[]",
        "goal_domain": "[('name', '=', 'Ada')]", "exit_domain": "[('name', '=', 'Cleo')]", "priority": "2",
    })
    env["marketing.activity"].create({
        "name": "Aim", "campaign_id": aiming.id, "activity_type": "action", "trigger_type": "begin",
        "interval_number": 4, "server_action_id": doors.marketing_activity_ids.server_action_id.id,
    })
    aiming.action_start_campaign()
    aiming.execute_activities()
    env["res.config.settings"].create({
        "marketing_automation_cap_mail_on": True, "marketing_automation_cap_mail": 50,
    }).execute()
env.flush_all()
env.cr.execute("UPDATE marketing_campaign SET stop_date = '2001-01-01' WHERE id = %s", [past.id])
env["ir.config_parameter"].set_param("marketing_automation.retention_months", 12)
env["marketing.trace.figure"]._gc_history()
cron = env.ref("marketing_automation.ir_cron_campaign_sync_participants")
cron.write({"interval_number": 7, "active": False})
env.cr.commit()
print("all have lived")
"""
# What screens show of all that, with public names alone too
NUMBERS = """
names = ["processed", "rejected", "scheduled_count", "error_count", "total_sent", "total_open", "total_click",
         "total_bounce", "total_reply", "statistics_graph_data"]
shown = [[step[name] for name in names if name in step._fields]
         for step in env["marketing.activity"].with_context(active_test=False).search([], order="id")]
names = ["running_participant_count", "completed_participant_count", "total_participant_count",
         "test_participant_count", "error_count", "link_tracker_click_count"]
shown += [[campaign[name] for name in names]
          for campaign in env["marketing.campaign"].with_context(active_test=False).search([], order="id")]
print("numbers:", shown)
"""
# What could be done to a campaign of the first release, and is refused since
ABUSE = """
Campaign = env["marketing.campaign"]
[crm] = env["ir.model"].search([("model", "=", "crm.lead")])
[past] = Campaign.search([("name", "=", "Past")])
[fine] = env["ir.actions.server"].search([("name", "=", "Fine")])
marketer = env["res.users"].create({
    "name": "Mara", "login": "mara",
    "group_ids": [(4, env.ref("marketing_automation.group_marketing_automation_user").id)],
})
Campaign.with_user(marketer).with_context(
    default_state="running", default_run_as_id=env.ref("base.user_admin").id, default_workflow=past.workflow,
).create({"name": "Forged", "model_id": crm.id, "domain": "[]"})
taken_over = Campaign.with_user(marketer).create({"name": "Taken over", "model_id": crm.id, "domain": "[]"})
env["marketing.activity"].create({
    "name": "Fine", "campaign_id": taken_over.id, "activity_type": "action", "server_action_id": fine.id,
    "trigger_type": "begin", "interval_number": 2, "interval_type": "days",
})
taken_over.with_user(env.ref("base.user_admin")).action_start_campaign()
env.flush_all()
other = env["res.users"].create({"name": "Max", "login": "max", "group_ids": marketer.group_ids.ids})
sales = env.ref("sales_team.group_sale_salesman_all_leads")
other.group_ids += sales
taken_over.with_user(other).action_update_participants()
env.flush_all()
Campaign.browse(taken_over.id).sync_participants()
for name, values in (
    ("Turned", {"mailing_model_id": env.ref("mass_mailing.model_mailing_contact").id}),
    ("Renamed", {"preview": "Nothing to fear"}),
):
    email = env["mailing.mailing"].create({
        "subject": name, "body_html": "Hello", "mailing_model_id": crm.id, "use_in_marketing_automation": True,
    })
    campaign = Campaign.create({"name": name, "model_id": crm.id, "domain": "[]"})
    env["marketing.activity"].create({
        "name": name, "campaign_id": campaign.id, "activity_type": "email", "mass_mailing_id": email.id,
        "trigger_type": "begin", "interval_number": 3, "interval_type": "days",
    })
    campaign.action_start_campaign()
    email.write(values)
env.cr.commit()
print("all have lived")
"""
TABLES = """
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = 'public' AND relkind IN ('r', 'p') AND relname LIKE 'marketing%%'
       AND relname NOT IN (SELECT replace(model, '.', '_') FROM ir_model WHERE transient) ORDER BY 1
"""
FORGET_ADDONS = """
    WITH gone AS (DELETE FROM ir_module_module WHERE name = ANY(%s) RETURNING id)
    DELETE FROM ir_model_data WHERE model = 'ir.module.module' AND res_id IN (SELECT id FROM gone)
"""
# Tables of Odoo's that hold something of ours
SHARED = {
    "mailing_mailing": "use_in_marketing_automation",
    "mailing_trace": "marketing_trace_id IS NOT NULL",
    "mail_mail": "marketing_trace_id IS NOT NULL",
    "ir_act_server": "usage = 'marketing_automation'",
    "utm_campaign": "is_auto_campaign",
    # the last one comes with 19.0.1.5.0
    "ir_cron": "id IN (SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module LIKE 'marketing%%'"
    " AND name != 'ir_cron_send_emails')",
}


def commit_of(release):
    """:return: the commit of a release, as git knows it"""
    tagged = ["git", "rev-parse", "--verify", "--quiet", f"{release}^{{commit}}"]
    tag = subprocess.run(tagged, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return tag or RELEASES[release]  # a clone may lack the tags


# Install, and live, in one process: each that loads Odoo takes seconds
INSTALL = """
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
registry = Registry.new({database!r}, update_module=True, install_modules={modules!r})
for life in {lives!r}:
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {{}})
        exec(life, {{"env": env(context=env["res.users"].context_get())}})
"""


@contextmanager
def released(release, folder, *lives):
    """Give a database with the addons of a release in which these scripts have lived, its Databases, what they said."""
    with workspace() as space, run_database(space, BASE) as (database, _template):
        path = folder / "released"
        path.mkdir()
        command = ["git", "archive", commit_of(release)]
        archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", path], input=archive, check=True)
        names = sorted(manifest.parent.name for manifest in path.glob("*/__manifest__.py"))
        # the template knows of addons that came later: they would be installed by themselves
        later = sorted(set(addons.names()) - set(names))
        space.databases.query(database, FORGET_ADDONS, later)
        script = INSTALL.format(database=database, modules=names, lives=lives)
        output = run_script(script, folder, path=path)
        assert output.count("all have lived") == len(lives)
        yield database, space.databases, output


def run_odoo(*arguments, path=ROOT, **options):
    """Run Odoo with the addons of a folder, see that nothing was wrong, and return what it wrote."""
    subcommand = [arguments[0]] if not arguments[0].startswith("-") else []
    addons_path = ",".join(map(str, [*odoo_source().addons_paths, path]))
    command = ["-m", "odoo", *subcommand, "-c", ODOO_CONF, "--addons-path", addons_path, "--no-http"]
    command += arguments[len(subcommand) :]
    # what has loaded these addons knows none of a release
    run, command = (forked, command) if path == ROOT else (background, [sys.executable, *command])
    with tempfile.TemporaryFile("w+") as output:
        with run(command, stdout=output, stderr=output, **options) as process:
            code = process.wait()
        output.seek(0)
        said = output.read()
    assert code == 0 and not re.search(r" (ERROR|CRITICAL) ", said), said
    return said


def run_script(lines, folder, *arguments, **options):
    """Run lines in Odoo's shell, and return what it wrote."""
    script = folder / "script.py"
    script.write_text(f"exec({lines!r})\n")  # one statement: a shell fed line by line goes on after an error
    with script.open() as stdin:
        return run_odoo("shell", *arguments, stdin=stdin, **options)


def snapshot(databases, database, columns=None):
    """Read all that is ours.

    :param columns: of each table, those to read; by default all
    :return: of each table, its columns and its rows
    """
    found = {}
    tables = dict.fromkeys([table for (table,) in databases.query(database, TABLES)], "TRUE") | SHARED
    for table, condition in tables.items():
        of_table = "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s ORDER BY 1"
        names = [name for (name,) in databases.query(database, of_table, table)]
        if columns and table not in columns:
            continue  # a table that is new
        if columns:
            names = [name for name in columns[table] if name in names]
        listed = ", ".join(f'"{name}"' for name in names)
        rows = databases.query(database, f"SELECT {listed} FROM {table} WHERE {condition} ORDER BY {listed}")
        found[table] = (names, rows)
    return found


@pytest.fixture(params=UPGRADED)
def company(request, tmp_path):
    """A database with the addons of a release, in which campaigns have lived; and the release."""
    lives = [LIFE, ABUSE] if request.param == FIRST else [LIFE]
    lives[-1] += NUMBERS
    with released(request.param, tmp_path, *lives) as (database, databases, output):
        yield database, databases, request.param, numbers_in(output)


def numbers_in(output):
    """Return the line of a script that tells what screens show."""
    [line] = re.findall(r"numbers: .*", output)
    return line


CAMPAIGNS = "SELECT name, state, stop_reason FROM marketing_campaign"
WITHOUT_RESTS = """
    SELECT name FROM marketing_campaign WHERE workflow -> 'steps' -> 0 IS NOT NULL
       AND (workflow ->> 'model_name' IS DISTINCT FROM model_name OR NOT jsonb_path_exists(workflow, '$.rests.*'))
"""
GOES_ON = """
from datetime import timedelta
Trace = env["marketing.trace"]
running = env["marketing.campaign"].search([("state", "=", "running")])
done = [("campaign_id", "in", running.ids), ("state", "=", "processed")]
known, failed = Trace.search_count(done), Trace.search([("state", "=", "error")])
running.execute_activities(env.cr.now() + timedelta(days=30))
print("goes on:", Trace.search_count(done) > known, set(running.mapped("state")))
print("fails:", (Trace.search([("state", "=", "error")]) - failed).mapped("state_msg"))
"""
STOPPED = {"Forged": "Nothing shows that", "Turned": "was changed while it ran"}
WAITING = """
running = env["marketing.campaign"].search([("state", "=", "running")])
print("waiting:", [(c.name, c.get_update_preview()["changes"]) for c in running.filtered("require_sync")])
shipped = env["ir.actions.server"].search([("marketing_shipped_key", "!=", False)])
print("rewritten:", shipped.filtered(lambda action: not action._is_marketing_shipped()).mapped("name"))
"""


def test_upgrade_keeps_everything_and_stops_what_may_have_been_abused(company, tmp_path):
    database, databases, release, numbers = company
    stopped = STOPPED if release == FIRST else {}
    before = snapshot(databases, database)
    assert {table for table, (_names, rows) in before.items() if not rows} == set()
    states = {name: (state, reason) for name, state, reason in databases.query(database, CAMPAIGNS)}
    assert {states[name] for name in stopped} <= {("running", None)}

    run_odoo("-d", database, "-u", ",".join(addons.names()), "--stop-after-init")

    for name, state, reason in databases.query(database, CAMPAIGNS):
        if name in stopped:
            assert state == "stopped" and stopped[name] in reason, (name, state, reason)
        else:
            assert (state, reason) == states[name], name
    after = snapshot(databases, database, {table: names for table, (names, _rows) in before.items()})
    assert after.keys() == before.keys()
    for table in before:
        for a, b in zip(unchanged(table, before), unchanged(table, after), strict=True):
            assert {k: (a[k], b[k]) for k in a if a[k] != b[k]} == {}, table
    unknown = {name for (name,) in databases.query(database, WITHOUT_RESTS)}
    assert unknown <= {"Forged"}, "what runs does not say what it rests on"
    query = (
        "SELECT name, latest_version FROM ir_module_module WHERE state = 'installed' AND name LIKE 'marketing_auto%%'"
    )
    assert dict(databases.query(database, query)) == {
        name: Manifest.for_addon(name)["version"] for name in addons.names()
    }
    output = run_script(WAITING + NUMBERS + GOES_ON, tmp_path, "-d", database)
    assert numbers_in(output) == numbers
    assert re.search(r"waiting: \[\]", output) and re.search(r"rewritten: \[\]", output), output
    assert "goes on: True {'running'}" in output and "fails: []" in output, output


def unchanged(table, found):
    """:return: the rows of a table without what an upgrade is to change, and without the campaigns that it stops"""
    names, rows = found[table]
    rows = [dict(zip(names, row, strict=True)) for row in rows]
    if table == "marketing_campaign":
        rows = [row for row in rows if row["name"] not in STOPPED]
    return [{name: value for name, value in row.items() if name not in CHANGED.get(table, ())} for row in rows]
